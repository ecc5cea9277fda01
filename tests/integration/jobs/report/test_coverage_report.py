"""What the report says of the documents that few rows came of."""

import asyncio
from pathlib import Path

from jobs.report.write_report import write_report
from tests.unit.jobs.dataset.test_coverage import SETTINGS, make_covered_run


def test_report_shows_documents_with_the_fewest_rows(tmp_path: Path) -> None:
    folder = asyncio.run(make_covered_run(tmp_path))

    page = write_report(folder, SETTINGS).read_text(encoding="utf-8")

    assert "7 of 8 documents to train on have a row; those with the fewest a chunk" in page
    first = page[page.index("Chunks asked") :]
    assert first.index("anvil.md") < first.index("bench.md" if "bench.md" in first else "saw.md")
    assert "not answered 1" in first
