"""A log for people and displays: lines are appended, and the oldest go when it grows too large."""

from pathlib import Path

MAX_BYTES = 4 << 20  # stats.jsonl of 16 hours; what is older is of no use to a display


class BoundedLog:
    """Appends lines without syncing them. Above `max_bytes` the older half goes, in one step.

    Nothing may depend on these lines: a crash may lose the last ones. One process writes.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        """Open `path`. Raises OSError if that cannot be done."""
        self._path = path
        self._max_bytes = max_bytes
        self._file = path.open("ab", buffering=0)

    def write_line(self, line: bytes) -> None:
        """Append a line, given without its newline. Raises OSError if the disk refuses it."""
        self._file.write(line + b"\n")
        if self._file.tell() > self._max_bytes:
            self._drop_older_half()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _drop_older_half(self) -> None:
        with self._path.open("rb") as file:
            file.seek(self._file.tell() - self._max_bytes // 2)
            file.readline()  # the rest of a line that is cut
            kept = file.read()
        new_path = self._path.with_name(self._path.name + ".new")
        new_path.write_bytes(kept)
        new_path.replace(self._path)
        self._file.close()
        self._file = self._path.open("ab", buffering=0)
