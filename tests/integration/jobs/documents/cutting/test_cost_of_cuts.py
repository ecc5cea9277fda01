"""What it costs to cut long texts."""

import time

from tests.rows import each_row
from tests.unit.jobs.documents.cutting.test_best_cuts import pieces_of


@each_row(
    "text",
    ["a" * 60_000, "[1] a\n" * 10_000, "- " * 30_000, ("\n" * 50 + "x") * 1_000, "日" * 20_000],
)
def test_no_text_takes_more_than_linear_time(text: str) -> None:
    started_s = time.process_time()

    pieces = pieces_of(text)

    assert len(pieces) > 1
    assert time.process_time() - started_s < 10
