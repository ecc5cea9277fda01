"""A log that keeps the newest lines, whole, however long it is written."""

from contextlib import closing
from pathlib import Path

from engine.files.bounded_log import BoundedLog


def test_oldest_lines_go_and_all_others_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"

    with closing(BoundedLog(path, max_bytes=1000)) as log:
        for number in range(500):
            log.write_line(b"line %d" % number)
            assert path.stat().st_size <= 1000

    lines = path.read_bytes().splitlines()
    last = 499
    assert lines == [b"line %d" % number for number in range(last - len(lines) + 1, last + 1)]
    assert len(lines) >= 50
    assert [each.name for each in tmp_path.iterdir()] == ["log"]


def test_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for line in (b"a", b"b"):
        with closing(BoundedLog(path)) as log:
            log.write_line(line)

    assert path.read_bytes() == b"a\nb\n"
