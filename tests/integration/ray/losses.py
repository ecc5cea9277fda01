"""Which workers of a cluster are at work on a stage, so that they can be lost there."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path


def call_of(run_dir: Path, stage: str) -> Path | None:
    """The folder of what workers do of a stage now."""
    with suppress(FileNotFoundError):  # what was taken in goes, folders as well: look again
        for order in (run_dir / "shards").glob("*/stage.json"):
            if f'"stage":"{stage}"' in order.read_text():
                return order.parent
    return None


def at_work(pids: Callable[[], Sequence[int]], call: Path | None) -> list[int]:
    """Those of some processes that have a file of a call open."""
    return [] if call is None else [pid for pid in pids() if _has_open(pid, f"{call}/")]


def _has_open(pid: int, below: str) -> bool:
    with suppress(FileNotFoundError):  # a process ends, and closes files
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                if str(link.readlink()).startswith(below):
                    return True
    return False


def stages_with_a_loss(said: str) -> set[str]:
    """The stages in which a worker was lost, by what the command said."""
    of_stages = (part.partition("shards of ")[2] for part in said.split(" workers begin, for "))
    return {part.split()[0] for part in of_stages if "a worker is lost" in part}
