"""What holds for all tests."""

import gc
import os
from collections.abc import Iterator

import pytest

from jobs.garbage import collect_rarely
from tests.shared_run import SharedRun

# As the commands do: threads of its linear algebra would only take turns with the other tests.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


# What is imported stays. So the garbage collector need not look at it, neither now nor during the
# tests, of which it would take a seventh of the time.
gc.disable()


def pytest_configure(config: pytest.Config) -> None:
    """Run the tests in several processes, which are not those of xdist."""
    if count := config.getoption("numprocesses", None):
        config.option.dist, config.option.tx = "no", []
        config.pluginmanager.register(SharedRun(count))


def pytest_collection_finish() -> None:
    """Collect garbage from here on, seldom, as the commands do, and not among what was imported."""
    gc.freeze()
    collect_rarely()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of a cluster go first: one process waits through them while the others do the rest."""
    items.sort(key=lambda item: "ray" not in item.path.parts)


@pytest.fixture(scope="session", autouse=True)
def _state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What runs of one user share stands in a folder of the test process, not in the home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
