"""What processes take: of memory at most, and of the processor."""

import os
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

NAME_CHARS = 48


class Taken(NamedTuple):
    """Megabytes at most, and seconds of processor."""

    peak_mb: int = 0
    processor_s: float = 0.0


class Watched:
    """What processes have taken, as far as it was looked at before they ended."""

    def __init__(self) -> None:
        self._names = dict[int, str]()
        self._taken = defaultdict[int, Taken](Taken)

    def look(self, root: int) -> None:
        """Look at a process and all that it has started."""
        for pid in tree_of(root):
            with suppress(OSError):  # it has just ended
                now, self._names[pid] = _taken_by(pid), _name_of(pid)
                peak_mb = max(self._taken[pid].peak_mb, now.peak_mb)
                self._taken[pid] = Taken(peak_mb, now.processor_s)

    def by_name(self) -> dict[str, Taken]:
        """What each has taken."""
        return {f"{self._names[pid]} ({pid})": each for pid, each in self._taken.items()}


def show(taken: Mapping[str, Taken]) -> None:
    """Print a line for each process, and one for all together."""
    for process, each in sorted(taken.items(), key=lambda item: item[1])[::-1]:
        print(f"  {each.peak_mb:6} MB {each.processor_s:8.1f} s  {process}")
    together = [sum(each) for each in zip(*taken.values(), strict=True)]
    print(f"  {together[0]:6} MB {together[1]:8.1f} s  together", flush=True)


def tree_of(root: int) -> list[int]:
    """A process and all that it has started."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):
                children[int(_stat_of(int(folder.name))[1])].append(int(folder.name))
    found = [root]
    for pid in found:
        found += children[pid]
    return found


def _stat_of(pid: int) -> list[str]:
    """The fields of proc(5) from the third on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _name_of(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    module = words[words.index("-m") + 1] if "-m" in words else Path(words[0]).name
    script = next((Path(word).name for word in words[1:3] if word.endswith(".py")), "")
    return f"{module} {script}".strip()[:NAME_CHARS]


def _taken_by(pid: int) -> Taken:
    fields = _stat_of(pid)
    ticks, pages = int(fields[11]) + int(fields[12]), int(fields[21])
    peak_mb = pages * os.sysconf("SC_PAGE_SIZE") >> 20
    return Taken(peak_mb, ticks / os.sysconf("SC_CLK_TCK"))
