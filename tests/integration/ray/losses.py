"""Which workers of a cluster are at work on a stage, so that they can be lost there."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.crash.runs import finish
from tests.forked import ForkedProcess
from tests.integration.ray.cluster import RunningCluster

FAR_S, NEAR_S = 0.02, 0.01  # between looks; near: workers of the stage were lent to


class AtWork(NamedTuple):
    """A stage that workers do. If it `asks` they are at work on it once a request is out."""

    stage: str
    asks: bool


def call_of(run_dir: Path, stage: str) -> Path | None:
    """The folder of what workers do of a stage now."""
    with suppress(FileNotFoundError):  # what was taken in goes, folders as well: look again
        for shards in (run_dir, *run_dir.glob("repeats/*")):
            for order in shards.glob("shards/*/stage.json"):
                if f'"stage":"{stage}"' in order.read_text():
                    return order.parent
    return None


def at_work(pids: Callable[[], Sequence[int]], call: Path | None) -> list[int]:
    """Those of some processes that have a file of a call open."""
    return [] if call is None else [pid for pid in pids() if any(_open_below(pid, call))]


@contextmanager
def stopped_at_work(
    cluster: RunningCluster,
    process: ForkedProcess,
    run_dir: Path,
    wanted: AtWork,
    count: int,
) -> Iterator[list[int]]:
    """So many workers, each stopped while it was at work on a stage: so the stage cannot end.

    Those who are still there at the end of the block go on.
    """
    stopped: list[int] = []
    try:
        while len(stopped) < count:
            assert process.poll() is None, (wanted, stopped, finish(process))
            call, has_begun = call_of(run_dir, wanted.stage), False
            if call is not None and (has_begun := (call / "leases.jsonl").exists()):
                others = set(cluster.pids_of("ShardSender")).difference(stopped)
                stopped += [pid for pid in others if _stop_at_work(pid, call, asks=wanted.asks)]
            time.sleep(NEAR_S if has_begun else FAR_S)
        yield stopped
    finally:
        for pid in stopped:
            _signal(pid, signal.SIGCONT)


def _stop_at_work(pid: int, call: Path, *, asks: bool) -> bool:
    """Stop a worker, unless it is not at work then."""
    if not _is_busy(pid, call, asks=asks):
        return False
    _signal(pid, signal.SIGSTOP)
    if _is_busy(pid, call, asks=asks):
        return True
    _signal(pid, signal.SIGCONT)  # it has ended its shard meanwhile
    return False


def _is_busy(pid: int, call: Path, *, asks: bool) -> bool:
    for path in _open_below(pid, call):
        with suppress(OSError):
            if not asks or (path.name == "sends.jsonl" and path.stat().st_size):
                return True
    return False


def _open_below(pid: int, folder: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError):  # a process ends, and closes files
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                path = link.readlink()
                if path.is_relative_to(folder):
                    yield path


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def losses_by_stage(said: str) -> Counter[str]:
    """How many workers were lost in each stage, by what the command said."""
    of_stages = (part.partition("shards of ")[2] for part in said.split(" workers begin, for "))
    return Counter({part.split()[0]: part.count("a worker is lost") for part in of_stages if part})
