"""Runs that are kept in a store go on on a cluster, lose it with their machine, and go on."""

import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.crash.runs import comparable_files, finish, kill_when, paid_twice, request_ids, size_of
from tests.forked import ForkedProcess
from tests.integration.outside.stored_runs import IN_FLIGHT, Machines
from tests.integration.ray.cluster import RunningCluster, kill
from tests.integration.ray.losses import at_work, call_of
from tests.integration.ray.runs import MODELS, when
from tests.openai_server import RunningServer, start_openai_server
from tests.openai_server.bill import bill_usd

if TYPE_CHECKING:
    from tests.integration.outside.s3_server import S3Server

WORKERS = 2
SOON_BYTES = 20_000
CAP_USD = 0.2
LOOKS = ("status", "costs", "plan", "report", "audit")
POLL_S = 0.02


class Cluster:
    """Machines whose commands have workers on a cluster."""

    def __init__(self, cluster: RunningCluster, machines: Machines) -> None:
        self._cluster = cluster
        self.machines = machines
        self.flags = (
            *("--on", "ray", "--address", cluster.address),
            *("--workers", str(WORKERS)),
        )

    def start(self, *flags: str) -> ForkedProcess:
        return self.machines.start(*self.flags, *flags)

    def workers_at_work(self) -> list[int]:
        """Those of them that answer questions."""
        senders = partial(self._cluster.pids_of, "ShardSender")
        return at_work(senders, call_of(self.machines.run_dir, "questions"))

    def lose(self, process: ForkedProcess, is_time: Callable[[], object]) -> set[str]:
        """Kill the command, remove its folder: the ids that had been bought by then."""
        assert kill_when(process, is_time)
        while self._cluster.pids_of("ShardSender"):  # what they have in flight may still land
            time.sleep(POLL_S)
        bought = self.bought_ids()
        shutil.rmtree(self.machines.run_dir)
        return bought

    def bought_ids(self) -> set[str]:
        """The ids in the journal of the latest folder, and in those of workers."""
        paths = self.machines.run_dir.glob("shards/*/*/epoch-*/journal.jsonl")
        found = set(self.machines.journal_ids())
        for path in paths:
            found.update(request_ids(path.read_bytes().rpartition(b"\n")[0].splitlines()))
        return found

    def has_bought(self, size_bytes: int) -> Callable[[], bool]:
        return lambda: size_of(self.machines.run_dir / "journal.jsonl") > size_bytes


@pytest.fixture
def on_ray(
    tmp_path: Path, cluster: RunningCluster, slow_server: RunningServer, documents: Path
) -> Cluster:
    (tmp_path / "store").mkdir()
    url = (tmp_path / "store").as_uri()
    return Cluster(cluster, Machines(tmp_path, url, slow_server, documents, cluster.environment))


@pytest.fixture
def on_ray_and_s3(
    tmp_path: Path,
    cluster: RunningCluster,
    slow_server: RunningServer,
    documents: Path,
    s3_server: "S3Server",
) -> Cluster:
    """The same with a bucket on a real server of the S3 protocol."""
    environment = {**cluster.environment, **s3_server.environment}
    url = s3_server.url(tmp_path.name)
    return Cluster(cluster, Machines(tmp_path, url, slow_server, documents, environment))


def assert_is_whole(machines: Machines) -> None:
    code, said = machines.call("audit", str(machines.run_dir))
    assert code == 0, said
    assert "not ok" not in said
    assert not (machines.run_dir / "shards").exists()


@pytest.fixture
def alone(documents: Path, tmp_path: Path) -> Path:
    """The folder of a run that nothing happened to."""
    with start_openai_server({"models": MODELS}) as calm:
        machines = Machines(tmp_path / "alone", "", calm, documents, {})
        code, said = finish(machines.start("--budget-usd", "5"))
    assert code == 0, said
    return machines.run_dir


def test_machine_is_lost_with_its_workers_the_cap_holds_and_others_go_on_with_and_without_a_cluster(
    on_ray_and_s3: Cluster, slow_server: RunningServer, alone: Path
) -> None:
    on_ray, machines = on_ray_and_s3, on_ray_and_s3.machines
    enough = ("--budget-usd", "5")
    first = on_ray.start("--store", machines.url, "--budget-usd", str(CAP_USD))
    when(on_ray.has_bought(SOON_BYTES), first)
    kill(on_ray.workers_at_work())
    bought = on_ray.lose(first, lambda: True)
    fetched = machines.fetch("--take-over")
    kept = set(machines.journal_ids())

    looked = {each: machines.call(each, str(machines.run_dir)) for each in LOOKS}
    capped = finish(on_ray.start())
    billed_usd, settled = bill_usd(slow_server), machines.journal_ids()
    here = machines.start(*enough)
    lost_here = machines.lose(here, lambda: len(machines.journal_ids()) > len(settled) + IN_FLIGHT)
    fetched_again = machines.fetch("--take-over")
    kept_here = set(machines.journal_ids())
    code, said = finish(machines.start(*enough))

    assert (fetched[0], fetched_again[0]) == (0, 0), fetched[1] + fetched_again[1]
    assert "may have been spent that the store does not tell" in fetched[1]
    assert [code for code, _ in looked.values()] == [0] * len(LOOKS), looked
    assert capped[0] == 3, capped[1]
    assert billed_usd <= CAP_USD
    assert code == 0, said
    assert 0 < len(kept) <= len(settled) <= len(kept_here)
    assert kept <= bought
    assert lost_here is not None
    unsealed = len(bought - kept) + len(set(lost_here) - kept_here)
    in_flight = WORKERS * IN_FLIGHT + IN_FLIGHT + IN_FLIGHT  # those of the lost worker, too
    assert paid_twice(slow_server) <= unsealed + in_flight
    assert comparable_files(machines.run_dir) == comparable_files(alone)
    assert_is_whole(machines)


def test_run_on_a_cluster_that_is_taken_over_stops_its_workers(
    on_ray: Cluster, slow_server: RunningServer
) -> None:
    machines = on_ray.machines
    first = on_ray.start("--store", machines.url)
    when(on_ray.has_bought(SOON_BYTES), first)

    code, said = machines.fetch("--take-over")
    calls = slow_server.control.totals()["calls"]
    code_of_first, said_of_first = finish(first)
    calls_of_first = slow_server.control.settled_totals()["calls"]
    ended = finish(machines.start())

    assert code == 0, said
    assert code_of_first == 75, said_of_first
    assert "goes on with this run" in said_of_first
    assert calls_of_first == calls
    assert ended[0] == 0, ended[1]
    assert_is_whole(machines)


def test_store_that_goes_away_stops_the_workers_and_the_run_goes_on_when_it_is_back(
    on_ray: Cluster, slow_server: RunningServer
) -> None:
    machines = on_ray.machines
    first = on_ray.start("--store", machines.url, "--set", "limits.max_outage_s=2")
    when(on_ray.has_bought(SOON_BYTES), first)

    code, said = machines.finish_without_store(first)
    kept = machines.journal_ids()
    ended = finish(machines.start())

    assert code == 75, said
    assert "cannot be stored, so nothing is sent" in said
    assert ended[0] == 0, ended[1]
    assert set(kept) <= set(machines.journal_ids())
    assert paid_twice(slow_server) == 0
    assert_is_whole(machines)
