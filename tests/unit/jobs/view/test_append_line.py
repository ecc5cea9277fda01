"""Decisions are appended whole, whoever else appends."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jobs.view.line_file import append_line


def test_lines_of_several_writers_are_all_there_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    wanted = [f"line {number} ".encode() * 50 for number in range(40)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda line: append_line(path, line), wanted))

    assert sorted(path.read_bytes().splitlines()) == sorted(wanted)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_a_crash_left_of_a_last_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    path.write_bytes(b"whole\ntor")

    append_line(path, b"next")

    assert path.read_bytes() == b"whole\nnext\n"
