"""docs/filters.md explains every reason for which something is dropped."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
REASON = re.compile(
    r"""(?:Fault|UnreadableFileError)\(\s*"(\w+)"|_?reject\(\s*\w+,\s*"(\w+)"|reason="(\w+)\""""
)


def test_every_reason_in_the_code_is_explained() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "jobs").rglob("*.py")]
    reasons = {next(filter(None, match)) for source in sources for match in REASON.findall(source)}
    explained = set(re.findall(r"`(\w+)`", (ROOT / "docs" / "filters.md").read_text("utf-8")))

    assert len(reasons) > 30
    assert reasons - explained == set(), "docs/filters.md: a row for each of these reasons"
