"""Code whose letters are spread over columns of equal width, though their font is proportional."""

import re

from tests.unit.jobs.documents.readers.pdf.drawn_pages import CLASS, PROSE, text_of
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import lines, paragraph, text

_LETTERS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        (
            556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833,
            556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500,
        ),
        strict=True,
    )
)  # fmt: skip
_HELVETICA = _LETTERS | dict.fromkeys(":,/", 278) | dict.fromkeys("()-", 333) | {"=": 584}
_DIGIT = 556
_CAPITAL = 667
_PITCH = 6.0
_LEADING = 12
_WORD = re.compile(r"[A-Za-z]+|\S")


def test_letters_in_columns_are_code_with_its_blanks_and_indents() -> None:
    page = [*lines(paragraph(PROSE), top=700), *_listing(CLASS, 600)]

    assert _code_of(page) == "\n".join(CLASS)


def test_a_listing_of_one_line_is_code() -> None:
    row = "tar -x  --keep-old-files -f backup.tar /etc/fill/pump"

    found = text_of([*lines(paragraph(PROSE), top=700), *_listing([row], 600)])

    assert found.split("\n\n")[-1] == row


def test_a_line_of_one_letter_belongs_to_the_code_beside_it() -> None:
    code = [
        "int main(int count) {",
        "    for (first; second; third) {",
        "        fill(x)",
        "    }",
        "}",
    ]

    assert _code_of(_listing(code, 600)) == "\n".join(code)


def test_letters_that_are_all_equally_far_apart_are_prose() -> None:
    rows = ["the pump is started while", "the valve is still closed"]
    page = [text(row, 72, 600 - 12 * number, spread=1) for number, row in enumerate(rows)]

    assert text_of([*lines(paragraph(PROSE), top=700), *page]).endswith("\n".join(rows))


def _code_of(page: list[bytes]) -> str:
    found = text_of(page)
    return found.split("\n\n", 1)[1] if found.startswith("The") else found


def _listing(rows: list[str], top: float) -> list[bytes]:
    """Rows whose words are as many columns wide as they have letters, which are spread evenly."""
    return [
        _spread(match[0], 72 + match.start() * _PITCH, top - _LEADING * number)
        for number, row in enumerate(rows)
        for match in _WORD.finditer(row)
    ]


def _spread(word: str, left: float, baseline: float) -> bytes:
    room = _PITCH - sum(map(_width, word)) / len(word)
    return text(word, left + room / 2, baseline, spread=round(room, 2))


def _width(char: str) -> float:
    """In points, as it is set in a size of 10."""
    usual = _CAPITAL if char.isupper() else _DIGIT if char.isdigit() else 333
    return _HELVETICA.get(char, usual) / 100
