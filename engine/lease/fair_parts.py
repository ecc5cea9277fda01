"""Divides one whole among those who want parts of it."""

from collections.abc import Mapping


def fair_parts(wants: Mapping[str, float]) -> dict[str, float]:
    """The parts of 1.0 for each of those who want some (max-min fairness).

    None gets less than it wants as long as another gets more than it does. What none wants is
    divided evenly, so that all of it may be used at once. The parts add up to 1.0.
    """
    parts: dict[str, float] = {}
    left, count = 1.0, len(wants)
    for name, wanted in sorted(wants.items(), key=lambda item: item[1]):
        parts[name] = min(wanted, left / count)
        left -= parts[name]
        count -= 1
    return {name: part + left / len(parts) for name, part in parts.items()}
