"""The calls of `distill` that the documentation shows."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PROMPT = re.compile(r"(?:^|/bin/)distill\"? (?P<arguments>[^#|>;\n]+)", re.MULTILINE)
PLACEHOLDERS = ("...", "[", "IN.jsonl|")  # of lines that show a form, not a call


def commands_of(path: Path) -> Iterator[str]:
    """The calls of `distill` in the code blocks of a page."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)
    for block in blocks:
        for found in PROMPT.finditer(block.replace("\\\n", " ")):
            arguments = found["arguments"].strip()
            if arguments and not any(each in arguments for each in PLACEHOLDERS):
                yield arguments
