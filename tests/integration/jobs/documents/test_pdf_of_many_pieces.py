"""PDF pages of very many pieces or signs: reading takes a time that grows with their number."""

import time

from jobs.documents.readers.limits import ReadLimits
from tests.rows import each_row
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import drawn_pdf, lines, rule, text
from tests.unit.jobs.documents.readers.reading import read

NO_LIMITS = ReadLimits(max_data_bytes=1 << 30, max_text_bytes=1 << 30)


def test_a_page_of_very_many_pieces_takes_no_quadratic_time() -> None:
    dots = [text("." * 20_000, 10, 20, 1)]
    cells = [text("ab", 10 + 30 * (n % 19), 10 + 7 * (n % 111), 5) for n in range(4_000)]
    jumps = [text("word", 10 + n % 500, 10 + (n * 7919) % 770, 4) for n in range(4_000)]
    rules = [rule(n % 600, n // 4 % 780, n % 600 + 9, n // 4 % 780) for n in range(6_000)]

    started = time.process_time()
    read("pdf", drawn_pdf([dots, cells, jumps, rules + cells]), NO_LIMITS)

    assert time.process_time() - started < 10


@each_row("signs", ["a", "a ", "1", "- ", ". "])
def test_a_very_long_line_of_a_few_signs_takes_no_quadratic_time(signs: str) -> None:
    row = (signs * 40_000)[:40_000]
    rows = ["the pump is over-", "looked at night by", f"{row}a-", "all"]

    started = time.process_time()
    read("pdf", drawn_pdf([lines(rows, size=1, leading=1.2)]), NO_LIMITS)

    assert time.process_time() - started < 10
