"""Output limits that nobody has set: larger for models that reason before they write."""

from collections.abc import Mapping
from typing import Any

from jobs.settings.known_traps import LEAST_REASONING_TOKENS, does_reason

# By whose models the limit must be enough for.
LIMITS_BY_ROLE: Mapping[str, tuple[str, ...]] = {
    "questions.max_output_tokens": ("teacher",),
    "answers.max_output_tokens": ("teacher",),
    "evaluation.answer_max_output_tokens": ("teacher", "baseline", "tuned"),
}


def fill_output_limits(tree: dict[str, Any]) -> None:
    """Set the limits that a tree of settings does not name, where a model reasons.

    Hidden reasoning counts as output, so that the usual limits would leave nothing for the answer.
    A limit is a cap: what is not written costs nothing.
    """
    for key, roles in LIMITS_BY_ROLE.items():
        section, _, name = key.partition(".")
        inner = tree.setdefault(section, {})
        if not isinstance(inner, dict) or inner.get(name) is not None:
            continue
        if any(_role_reasons(tree.get(role)) for role in roles):
            inner[name] = LEAST_REASONING_TOKENS


def _role_reasons(role: object) -> bool:
    match role:
        case {"provider": "local"}:
            return False
        case {"model": str(model)}:
            parameters = role.get("parameters")  # type: ignore[attr-defined]
            return does_reason(model, parameters if isinstance(parameters, dict) else {})
    return False
