"""Lines by number and by an id, of a file that grows or is replaced."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jobs.view.line_file import LineFile, append_line, find_by_field, find_by_id

FOREVER_S = 60.0


def test_lines_are_read_by_number(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"zero\none\n\nthree\n")
    lines = LineFile(path)

    lines.count_on(FOREVER_S)

    assert (len(lines), lines.is_counted) == (4, True)
    assert lines.read(1, 2) == [b"one", b""]
    assert lines.read(3, 10) == [b"three"]
    assert lines.read(4, 10) == []


def test_line_that_is_still_being_written_is_none_until_its_end_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"zero\non")
    lines = LineFile(path)
    lines.count_on(FOREVER_S)
    before = len(lines)

    with path.open("ab") as file:
        file.write(b"e\n")
    lines.count_on(FOREVER_S)

    assert before == 1
    assert lines.read(0, 10) == [b"zero", b"one"]


def test_file_that_was_replaced_is_counted_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"old\n" * 5)
    lines = LineFile(path)
    lines.count_on(FOREVER_S)

    other = tmp_path / "b"
    other.write_bytes(b"new\n" * 9)
    other.replace(path)
    lines.count_on(FOREVER_S)

    assert lines.read(8, 1) == [b"new"]


def test_missing_file_has_no_lines(tmp_path: Path) -> None:
    lines = LineFile(tmp_path / "a.jsonl")

    lines.count_on(FOREVER_S)

    assert (len(lines), lines.is_counted, lines.read(0, 5)) == (0, True, [])


def test_line_is_found_by_its_id_and_not_by_a_text_that_quotes_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(
        b'{"chunk_id":"x","text":"{\\"chunk_id\\":\\"y\\""}\n'
        b'{"question_id":"q","chunk_id":"y"}\n'
        b'{"chunk_id":"y","text":"found"}\n'
        b'{"chunk_id":"z"'
    )

    found = find_by_id(path, "chunk_id", "y")

    assert found == b'{"chunk_id":"y","text":"found"}'
    assert find_by_id(path, "chunk_id", "z") is None
    assert len(list(find_by_field(path, "chunk_id", "y"))) == 2


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
