"""docs/filters.md explains every reason for which something is dropped."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
REASONS = [  # each begins with letters, which are found fast
    re.compile(pattern)
    for pattern in (
        r'Fault\(\s*"(\w+)"',
        r'UnreadableFileError\(\s*"(\w+)"',
        r'reject\(\s*\w+,\s*"(\w+)"',
        r'reason="(\w+)"',
    )
]


def test_every_reason_in_the_code_is_explained() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "jobs").rglob("*.py")]
    reasons = {
        reason for source in sources for pattern in REASONS for reason in pattern.findall(source)
    }
    explained = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "filters.md").read_text("utf-8")))

    assert len(reasons) > 30
    assert reasons - explained == set(), "docs/filters.md: a row for each of these reasons"
