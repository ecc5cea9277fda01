"""The lines of a plan: a label and a text, or a label and cells of one width."""

from collections.abc import Sequence
from textwrap import wrap

LABEL_CHARS = 16
CELL_CHARS = 16
LINE_CHARS = 80


def line(label: str, text: str) -> str:
    """A label and a text."""
    return f"{label:<{LABEL_CHARS}} {text}"


def row(label: str, cells: Sequence[str]) -> str:
    """A label and cells, which stand on the right."""
    return f"{label:<{LABEL_CHARS}}" + "".join(f"{cell:>{CELL_CHARS}}" for cell in cells)


def wrapped(text: str) -> list[str]:
    """A text without a label, on as many lines as it takes."""
    return wrap(text, LINE_CHARS, initial_indent=line("", ""), subsequent_indent=line("", "  "))
