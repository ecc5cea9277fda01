"""Heights on the pages of a PDF: they count from where the page ends below, however it is held."""

from collections.abc import Callable

from tests.rows import each_row
from tests.unit.jobs.documents.readers.pdf.drawn_pages import PROSE
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import drawn_pdf, lines, paragraph, text
from tests.unit.jobs.documents.readers.reading import read

BODY = [*paragraph(PROSE), "The valve is shut by hand.", *paragraph(PROSE)]
PAGE_COUNT = 4  # on fewer, what stands on one other page already runs through them
HEAD, REPEATED = "Manual of the pump", BODY[4]
Draw = Callable[[str, float, float], bytes]


def _upright(words: str, left: float, baseline: float) -> bytes:
    return text(words, left, baseline)


def _turned_left(words: str, left: float, baseline: float) -> bytes:
    return text(words, 612 - baseline, left, matrix="0 1 -1 0")


def _turned_right(words: str, left: float, baseline: float) -> bytes:
    return text(words, baseline, 792 - left, matrix="0 -1 1 0")


def _upside_down(words: str, left: float, baseline: float) -> bytes:
    return text(words, 612 - left, 792 - baseline, matrix="-1 0 0 -1")


def _pages(draw: Draw) -> list[list[bytes]]:
    return [
        [
            draw(HEAD, 72, 580),
            *(draw(row, 72, 540 - 12 * number) for number, row in enumerate(BODY)),
            draw(f"Page {number} of {PAGE_COUNT}", 72, 40),
        ]
        for number in range(1, PAGE_COUNT + 1)
    ]


@each_row(
    "draw, turn",
    [(_upright, 0), (_turned_left, 90), (_upside_down, 180), (_turned_right, 270)],
)
def test_only_what_runs_through_the_edges_of_turned_pages_goes(draw: Draw, turn: int) -> None:
    data = drawn_pdf(_pages(draw), turn=turn)

    found = read("pdf", data).text

    assert REPEATED.startswith("The valve")
    assert found.count(REPEATED) == PAGE_COUNT
    assert HEAD not in found
    assert f"of {PAGE_COUNT}" not in found


def test_only_what_runs_through_the_edges_goes_from_pages_that_begin_below_nought() -> None:
    pages = [
        [
            *lines([HEAD], top=-20),
            *lines(BODY, top=-60),
            *lines([f"Page {number} of {PAGE_COUNT}"], top=-560),
        ]
        for number in range(1, PAGE_COUNT + 1)
    ]

    found = read("pdf", drawn_pdf(pages, box=(0, -600, 612, 0))).text

    assert found.count(REPEATED) == PAGE_COUNT
    assert HEAD not in found
    assert f"of {PAGE_COUNT}" not in found
