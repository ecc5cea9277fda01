"""docs/reading.md names every ending of file names that is read."""

import re
from pathlib import Path

from jobs.documents.readers.registry import FORMATS

ROOT = Path(__file__).parents[3]


def test_every_ending_that_is_read_is_named() -> None:
    text = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")

    assert FORMATS.keys() - set(re.findall(r"`(\.\w+)`", text)) == set()
