import io
import json
import tracemalloc

import pytest

from jobs.documents.readers.decode import SAMPLE_BYTES
from jobs.documents.readers.extract import Extract
from jobs.documents.readers.limits import ReadLimits, UnreadableFileError
from jobs.documents.readers.registry import table_reader_of
from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import LIMITS


def read_rows(
    format_name: str, data: str | bytes, column: str = "body", limits: ReadLimits = LIMITS
) -> Extract:
    body = data.encode() if isinstance(data, str) else data
    return table_reader_of(format_name, column)(io.BytesIO(body), limits)


@each_row("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_whose_header_names_the_column(delimiter: str) -> None:
    rows = [["id", "body", "tag"], ["1", "One text.", "a"], ["2", "Another, longer.", "b"]]
    cells = [[f'"{cell}"' if "," in cell else cell for cell in row] for row in rows]
    data = "\r\n".join(delimiter.join(row) for row in cells)

    extract = read_rows("csv", data)

    assert extract.text == "One text.\n\nAnother, longer."
    assert extract.page_starts == (0, 11)
    assert not extract.notes


def test_empty_lines_before_the_header_are_passed_over() -> None:
    assert read_rows("csv", "\n\nid;body\n\n1;One text.\n").text == "One text."


def test_quoted_cells_keep_their_paragraphs_and_quotes() -> None:
    extract = read_rows("csv", 'body,id\n"First.\n\nShe said ""no"".",1\n')

    assert extract.text == 'First.\n\nShe said "no".'


@each_row(
    "data, text",
    [
        ("sep=;\r\nid;body\r\n1;One, two.\r\n", "One, two."),
        ('"sep=|"\nid|body\n1|One.\n', "One."),
        ('id,body\n1,"said \\"hi\\" twice"\n2,C:\\\\x\n', 'said "hi" twice\n\nC:\\x'),
        ('id,body\n1,"C:\\"\n2,C:\\x\n', "C:\\\n\nC:\\x"),
        ('id, body\n1, "One, two"\n2, Three\n', "One, two\n\nThree"),
        ('id,body\n1,a 5" pipe\n', 'a 5" pipe'),
    ],
)
def test_what_a_program_writes_its_way_is_read(data: str, text: str) -> None:
    extract = read_rows("csv", data)

    assert extract.text == text
    assert not extract.notes


@each_row(
    "value, text",
    [
        *((number, number) for number in ("1.10", "-0", "1E5", "1e400", "9" * 30, "9" * 5_000)),
        ("3.14159265358979323846264338327950288", "3.14159265358979323846264338327950288"),
        ("true", "true"),
        ('"\\ud83d\\ude00 \\ud800."', "\U0001f600 \ufffd."),
        ("NaN", ""),
        ("null", ""),
    ],
)
def test_a_value_of_json_is_read_as_it_stands(value: str, text: str) -> None:
    extract = read_rows("jsonl", f'{{"body": {value}}}\n{{"body": "End."}}\n')

    assert extract.text == "\n\n".join(filter(None, (text, "End.")))
    assert extract.notes == ()


@each_row("score", ["NaN", "-Infinity"])
def test_a_line_with_what_is_no_number_of_json_is_read(score: str) -> None:
    extract = read_rows("jsonl", f'{{"body": "One.", "score": {score}}}\n{{NaN}}\n')

    assert extract.text == "One."
    assert extract.notes[0].startswith("1 of 2 rows are damaged")


def test_json_lines_are_read_under_their_key_whatever_else_they_hold() -> None:
    lines = [{"body": "Eins."}, {"body": None, "n": 2}, {"n": [1], "body": "Drei 日本."}]

    extract = read_rows("jsonl", "\n".join(map(json.dumps, lines)))

    assert extract.text == "Eins.\n\nDrei 日本."
    assert extract.page_starts == (0, 7, 7)


def test_damaged_rows_are_left_out_and_the_first_are_named() -> None:
    data = "id,body\n1,Good.\n2,has, a comma\n3\n4,Good too.\n5\n6\n"

    extract = read_rows("csv", data)

    assert extract.text == "Good.\n\nGood too."
    (note,) = extract.notes
    assert note == (
        "4 of 6 rows are damaged and left out: row 2: has 3 cells, the header 2; "
        "row 3: has 1 cells, the header 2; row 5: has 1 cells, the header 2; and 1 more"
    )


def test_a_quote_that_is_never_closed_is_named_with_its_row() -> None:
    extract = read_rows("csv", 'id,body\n1,Good.\n2,"open\n3,lost\n')

    assert extract.text == "Good."
    assert "row 2: a quote that is opened in it is never closed" in extract.notes[0]


def test_damaged_lines_of_json_are_named() -> None:
    lines = ['{"body": "Good."}', "{", "[1]", '{"text": "x"}', '{"body": ["x"]}', "[" * 100_000]

    extract = read_rows("jsonl", "\n".join(lines))

    assert extract.text == "Good."
    assert extract.notes[0].startswith("5 of 6 rows are damaged and left out: row 2: no JSON")


@each_row("column", ["", "text"])
@each_row(
    "format_name, data",
    [("csv", "id;body\n1;x\n"), ("jsonl", '{"id": 1, "body": "x"}')],
)
def test_a_column_that_is_not_there_is_answered_with_those_that_are(
    format_name: str, data: str, column: str
) -> None:
    if format_name == "jsonl" and column:
        reason, said = "damaged", "has no 'text', but 'id', 'body'"
    else:
        reason, said = "no_text_column", "'id', 'body'"

    with pytest.raises(UnreadableFileError) as caught:
        read_rows(format_name, data, column)

    assert caught.value.reason == reason
    assert said in str(caught.value)


@each_row(
    "format_name, data",
    [
        ("csv", "body\n" + "x" * 20_000),
        ("csv", 'body\n"' + "x\n" * 10_000),
        ("jsonl", '{"body": "' + "x" * 20_000 + '"}'),
    ],
)
def test_a_text_beyond_its_limit_is_refused(format_name: str, data: str) -> None:
    limits = ReadLimits(max_data_bytes=1_000_000, max_text_bytes=10_000)

    with pytest.raises(UnreadableFileError):
        read_rows(format_name, data, limits=limits)


@each_row("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_ends_a_row(end: str) -> None:
    extract = read_rows("csv", end.join(["body,id", "One.,1", '"Two,', 'lines.",2', ""]))

    assert extract.text == "One.\n\nTwo,\nlines."


@each_row("encoding", ["utf-8-sig", "utf-16", "cp1251", "koi8-r"])
@each_row("format_name", ["csv", "jsonl"])
def test_a_table_is_in_the_encoding_of_its_letters_however_late_they_come(
    format_name: str, encoding: str
) -> None:
    ascii_rows = ["plain " * 100] * (SAMPLE_BYTES // 600 + 1)
    russian = "Насос включают только при закрытом клапане, и это правило действует всегда."
    rows = [*ascii_rows, russian]
    lines = ["body", *rows] if format_name == "csv" else [f'{{"body": "{row}"}}' for row in rows]
    if format_name == "csv":
        lines = [f'"{line}"' for line in lines]

    extract = read_rows(format_name, "\n".join(lines).encode(encoding))

    assert extract.text.endswith(russian)


def test_memory_is_that_of_the_column_not_of_the_file() -> None:
    rows = (b"%d,%s,Text of a row.\n" % (number, b"x" * 20_000) for number in range(200))
    data = b"id,other,body\n" + b"".join(rows)
    file = io.BytesIO(data)

    tracemalloc.start()
    try:
        extract = table_reader_of("csv", "body")(file, LIMITS)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(extract.text) == 200 * len("Text of a row.\n\n") - 2
    assert peak_bytes < len(data)  # 4 MB: as text it would be held more than once
