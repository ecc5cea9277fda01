"""One cluster for all tests that need one, and further ones where a head is lost."""

from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.crash.runs import comparable_files, finish, write_documents
from tests.integration.ray.cluster import RunningCluster, Starter, open_starter
from tests.integration.ray.jobs import Outcome, evaluation_job, finish_here, run_job
from tests.integration.ray.runs import MODELS, start_run
from tests.openai_server import RunningServer, start_openai_server

if TYPE_CHECKING:
    from tests.integration.outside.s3_server import S3Server

HERE = Path(__file__).parent
SLOW = {"median_s": 0.3, "sigma": 0.1}


MACHINES = 2


class Clusters:
    """The one cluster, and another in its place once a test has killed its head."""

    def __init__(self) -> None:
        self._opened = ExitStack()
        self._starter: Starter | None = None
        self._running: RunningCluster | None = None

    def running(self) -> RunningCluster:
        """With two machines beside its head."""
        if self._running is None or not self._running.is_alive():
            self.order(MACHINES)
            self._running = self.next()
        return self._running

    def order(self, machine_count: int) -> None:
        """Have another one started, while the caller does other things."""
        if self._starter is None:
            self._starter = self._opened.enter_context(open_starter())
        self._starter.order(machine_count)

    def next(self) -> RunningCluster:
        """The earliest that was ordered."""
        assert self._starter is not None
        return RunningCluster(**self._starter.hear(), lost=[], starter=self._starter)

    def close(self) -> None:
        """End them all."""
        self._opened.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip without the extra; Ray is not imported: that takes 0.5 s in each process of tests."""
    if find_spec("ray") is None:
        for item in items:
            if item.path.parent == HERE:
                item.add_marker(pytest.mark.skip(reason="without the extra `ray`"))


@pytest.fixture(scope="package")
def clusters() -> Iterator[Clusters]:
    started = Clusters()
    yield started
    started.close()


@pytest.fixture
def cluster(clusters: Clusters) -> Iterator[RunningCluster]:
    running = clusters.running()
    yield running
    running.end_lost_workers()


@pytest.fixture(scope="package")
def s3_server() -> "Iterator[S3Server]":
    pytest.importorskip("s3fs")
    from tests.integration.outside.s3_server import start_s3_server  # needs the extra

    with start_s3_server() as running:
        yield running


@pytest.fixture
def slow_server() -> Iterator[RunningServer]:
    with start_openai_server({"models": MODELS, "latency": SLOW}) as running:
        yield running


@pytest.fixture(scope="package")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "documents"
    write_documents(folder)
    return folder


@pytest.fixture(scope="package")
def files_of_one_machine(
    tmp_path_factory: pytest.TempPathFactory, documents: Path
) -> dict[str, list[bytes]]:
    run_dir = tmp_path_factory.mktemp("one") / "run"
    with start_openai_server({"models": MODELS}) as server:
        code, said = finish(start_run(server, run_dir, documents))
    assert code == 0, said
    return comparable_files(run_dir)


@pytest.fixture(scope="package")
def run_here(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    with run_job(tmp_path_factory.mktemp("here")) as job:
        return finish_here(job)


@pytest.fixture(scope="package")
def evaluation_here(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    with evaluation_job(tmp_path_factory.mktemp("here")) as job:
        return finish_here(job)
