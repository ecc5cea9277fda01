"""The docs name every format that is read, and every ending of its files."""

import re
from pathlib import Path

from jobs.documents.readers.registry import FORMATS
from jobs.documents.whole_corpus.sketch_documents import FORMATS_BY_QUALITY
from tests.rows import each_row

ROOT = Path(__file__).parents[3]
WORDS = {  # what people call a format, where it is not its name
    "rst": "reStructuredText",
    "notebook": "notebooks",
    "text": "plain text",
    "jsonl": "JSON lines",
}
NAMES = [WORDS.get(name, name).lower() for name in FORMATS_BY_QUALITY]


def test_every_ending_that_is_read_is_named() -> None:
    text = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")

    missing = FORMATS.keys() - set(re.findall(r"`(\.\w+)`", text))

    assert missing == set(), "docs/reading.md, the table of endings: a row for these"


@each_row("name", NAMES)
def test_readme_names_every_format(name: str) -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").lower().split())

    formats = text.partition("documents may be ")[2].partition(";")[0]

    assert re.search(rf"\b{name}\b", formats), "README.md: `Documents may be ...` lacks it"


def test_ranks_of_formats_are_told_in_their_order() -> None:
    text = (ROOT / "docs" / "filters.md").read_text(encoding="utf-8").lower()

    ranked = text.partition("the better format stays: ")[2].partition(".")[0]

    assert ranked.replace(", then", ",").split(", ") == NAMES, (
        "docs/filters.md, row `duplicate_document`: not FORMATS_BY_QUALITY in its order"
    )
