"""What holds for all tests."""

import gc
import os
from collections.abc import Iterator
from itertools import islice

import pytest

from jobs.garbage import collect_rarely
from tests.forked import SHARED_SERVERS, ForkServer

# As the commands do: threads of its linear algebra would only take turns with the other tests.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# By folder, or by module: tests that wait much, in groups that take about as long as each other.
LONG = ("test_losses", "ray", "crash", "outside")

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
    """Collect garbage from here on, seldom, as the commands do, and not among what was imported."""
    gc.freeze()
    collect_rarely()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each process begins with a group of tests that take long, or they would be left to the end.

    The first of n processes begins with the first nth of the list, the second with the next.
    """
    process_count = getattr(config, "workerinput", {"workercount": 1})["workercount"]
    groups: dict[str, list[pytest.Item]] = {name: [] for name in (*LONG, "")}
    for item in items:
        path = item.path.relative_to(config.rootpath)
        names = {*path.parts, path.stem}
        groups[next((name for name in LONG if name in names), "")].append(item)
    others = iter(groups.pop(""))
    share = max(1, len(items) // process_count)
    ordered: list[pytest.Item] = []
    for group in groups.values():
        ordered += group
        ordered += islice(others, max(0, -len(ordered) % share))
    items[:] = [*ordered, *others]


@pytest.fixture(scope="session", autouse=True)
def _state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What runs of one user share stands in a folder of the test process, not in the home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
