"""A PDF page made of very many pieces: reading it takes a time that grows with their number."""

import time

from jobs.documents.readers.limits import ReadLimits
from tests.unit.jobs.documents.readers.pdf.drawn_pdf import drawn_pdf, rule, text
from tests.unit.jobs.documents.readers.reading import read


def test_a_page_of_very_many_pieces_takes_no_quadratic_time() -> None:
    limits = ReadLimits(max_data_bytes=1 << 30, max_text_bytes=1 << 30)
    dots = [text("." * 20_000, 10, 20, 1)]
    cells = [text("ab", 10 + 30 * (n % 19), 10 + 7 * (n % 111), 5) for n in range(4_000)]
    jumps = [text("word", 10 + n % 500, 10 + (n * 7919) % 770, 4) for n in range(4_000)]
    rules = [rule(n % 600, n // 4 % 780, n % 600 + 9, n // 4 % 780) for n in range(6_000)]

    started = time.process_time()
    read("pdf", drawn_pdf([dots, cells, jumps, rules + cells]), limits)

    assert time.process_time() - started < 10
