import unicodedata

import pytest

from jobs.documents.readers import clean_text
from jobs.documents.readers.clean_text import clean, clean_line
from jobs.documents.readers.limits import UnreadableFileError
from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import read

FRENCH = "Les élèves étudient à la bibliothèque où ils préparent leurs examens d’été."


@each_row("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le"])
def test_unicode_encodings_are_told_apart(encoding: str) -> None:
    assert read("text", FRENCH.encode(encoding)).text == FRENCH


@each_row(
    "encoding, text",
    [
        ("cp1252", FRENCH),
        ("latin-1", "café naïve façade déjà vu, un garçon"),
        ("cp1251", "Это простой русский текст, в котором надо узнать кодировку."),
        ("shift_jis", "日本語のテキストです。文字コードの判定を試します。"),
        ("gb18030", "这是一个简单的中文文本用于测试编码检测"),
    ],
)
def test_older_encodings_are_recognised(encoding: str, text: str) -> None:
    assert read("text", text.encode(encoding)).text == text


@each_row(
    "data",
    [
        bytes(range(256)) * 20,
        b"\x7fELF\x02\x01\x01" + bytes(200),
        b"PK\x03\x04\x14\0\0\0\x08\0" * 30,
        bytes(100),
    ],
)
def test_binary_content_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read("text", data)

    assert caught.value.reason == "binary_content"


def test_lines_and_paragraphs_stay_as_they_are() -> None:
    data = "one\r\n  two  \r\rthree\n\n\n\n# four\n===\n"

    assert read("text", data).text == "one\n  two\n\nthree\n\n# four\n==="


def test_text_is_in_nfc_and_shows_nothing_invisible() -> None:
    text = clean("e\u0301\u00ad\u200b\ufeff a\x00\x07b\x1b[0m\tc\u2028d\ud800")

    assert text == "é ab\tc\nd\ufffd"
    assert unicodedata.is_normalized("NFC", text)


def test_a_text_of_which_nothing_is_taken_off_has_plain_spaces_and_single_blank_lines() -> None:
    assert clean("\n10\u00a0km \t\n\n\n\n\u202fe\u0301\n") == "10 km\n\n \u00e9"


def test_all_that_is_taken_off_is_looked_for_first() -> None:
    every = "".join(map(chr, [*range(0x1_0000), *range(0xE_0000, 0xE_0100)]))

    others = clean_text._TOUCHED.sub("", every)

    assert clean_text._take_off(others) == others
    assert len(others) > 60_000


@each_row("end", ["\r\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
def test_every_kind_of_line_end_is_one(end: str) -> None:
    assert clean(f"a{end}b\n{end}c{end}{end}\n{end}d") == "a\nb\n\nc\n\nd"


def test_a_line_has_single_spaces() -> None:
    assert clean_line("  a\u00a0 b\n\tc ") == "a b c"


def _printed(count: int) -> str:
    """Pages as RFCs have them; each paragraph goes on over the end of its page."""
    return "\f".join(
        f"RFC 9999            The Pump            May 2001\n\n\nend {page} of it.\n\n"
        f"The pump {page} starts while\n\n\nSmith      Informational      [Page {page}]\n"
        for page in range(1, count + 1)
    )


def test_heads_and_feet_of_printed_text_are_left_out() -> None:
    text = read("text", _printed(4)).text

    assert "RFC 9999" not in text
    assert "[Page" not in text
    assert "The pump 2 starts while\nend 3 of it." in text


@each_row(
    "text",
    [
        *("One\n\fTwo\n\fThree", "A\f", "\f\f\f", "Same\n\fSame", "One\n\f\n\fThree"),
        "Chapter 1\n\nIt was dark.\n\fChapter 2\n\nIt was light.\n\fChapter 3\n\nThe end.\n",
        "int a() {\n  b();\n}\n\fint c() {\n  d();\n}\n\fint e() {\n  f();\n}\n",
        "\f".join(f"Name: {name}\nAge: 3\nCity:      Rome\n" for name in ("Ada", "Bo", "Cy")),
    ],
)
def test_text_with_page_ends_and_no_heads_is_kept(text: str) -> None:
    assert read("text", text).text.split() == text.split()
