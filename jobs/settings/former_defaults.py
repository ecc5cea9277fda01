"""What settings were before they were settings: a run folder that does not name them keeps that."""

from typing import Any

FORMER_DEFAULTS: dict[str, object] = {
    "chunks.rules": 1,
    "questions.filters": "phrases",
    "answers.filters": "phrases",
}


def with_former_defaults(tree: dict[str, Any]) -> dict[str, Any]:
    """The settings of a run as it was made, by whichever version."""
    completed = {
        key: dict(value) if isinstance(value, dict) else value for key, value in tree.items()
    }
    for name, value in FORMER_DEFAULTS.items():
        section, _, key = name.partition(".")
        inner = completed.setdefault(section, {})
        if isinstance(inner, dict):
            inner.setdefault(key, value)
    return completed
