"""What holds for all tests."""

import gc
import os
import signal
from collections.abc import Iterator

import pytest

from jobs.garbage import OBJECTS_BETWEEN_COLLECTIONS, collect_rarely
from tests.forked import SHARED_SERVERS, ForkServer

# A shell that starts the tests in the background has them ignore it, and so what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# As the commands do: threads of its linear algebra would only take turns with the other tests.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

LONG_ON_CLUSTERS = ("test_losses",)  # takes as long as all other tests on clusters together

# What is imported stays. So the garbage collector need not look at it, neither now nor during the
# tests, of which it would take a seventh of the time.
gc.disable()


def pytest_configure(config: pytest.Config) -> None:
    """All processes of the tests have their commands forked from the same, slow to start."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        for imported, variable in SHARED_SERVERS.items():
            server = ForkServer(imported)
            os.environ[variable] = server.address
            config.add_cleanup(server.close)


def pytest_collection_finish() -> None:
    """Collect garbage from here on, still more seldom than commands, and not what was imported."""
    gc.freeze()
    collect_rarely()
    gc.set_threshold(10 * OBJECTS_BETWEEN_COLLECTIONS)
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those of clusters go first, in two processes: these wait through them while others work.

    The first of n processes begins with the first nth of the list, the second with the next.
    """
    process_count = getattr(config, "workerinput", {"workercount": 1})["workercount"]
    of_clusters: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        is_of_cluster = "ray" in item.path.relative_to(config.rootpath).parts
        (of_clusters if is_of_cluster else others).append(item)
    first = [item for item in of_clusters if item.path.stem in LONG_ON_CLUSTERS]
    second = [item for item in of_clusters if item.path.stem not in LONG_ON_CLUSTERS]
    beside_first = max(0, len(items) // process_count - len(first)) if process_count > 1 else 0
    items[:] = [*first, *others[:beside_first], *second, *others[beside_first:]]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where nothing has failed, Hypothesis has nothing to tell: importing it takes a while."""
    config = session.config
    plugin = config.pluginmanager.get_plugin("hypothesispytest")
    if plugin and not session.testsfailed and not config.getoption("hypothesis_show_statistics"):
        config.pluginmanager.unregister(plugin)


@pytest.fixture(scope="session", autouse=True)
def _state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What runs of one user share stands in a folder of the test process, not in the home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
