"""Dollars, durations and shares as people read them."""

from collections.abc import Mapping

ROUGH_UNITS = ((1, "s"), (60, "min"), (3_600, "h"), (86_400, "d"))
MOST_OF_A_UNIT = 90  # of the next one from then on


def dollars(usd: float | None) -> str:
    """Four digits below a dollar, cents above."""
    if usd is None:
        return "unknown: no price for the model"
    return f"${usd:,.2f}" if usd >= 1 else f"${usd:.4f}"


def duration(seconds: float) -> str:
    """The two largest units: "2 d 3 h", "4 min 10 s"."""
    left = max(0, round(seconds))
    parts: list[tuple[int, str]] = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count or parts:
            parts.append((count, unit))
    shown = [f"{count} {unit}" for count, unit in parts[:2] if count]
    return " ".join(shown) or "0 s"


def rough_time(seconds: float) -> str:
    """Two digits of the unit that fits: "45 s", "4.2 min", "10 h", "2.5 d"."""
    if 0 < seconds < 1:
        return "<1 s"
    size, unit = next(
        (each for each in ROUGH_UNITS if seconds < MOST_OF_A_UNIT * each[0]), ROUGH_UNITS[-1]
    )
    count = seconds / size
    return f"{count:.0f} {unit}" if count >= 9.95 or unit == "s" else f"{count:.1f} {unit}"


def percent(part: float, whole: float) -> str:
    """A share in whole percent; one that is not 0 is never shown as 0, nor less than all as all."""
    if not whole:
        return "0%"
    share = 100 * part / whole
    if 0 < share < 1:
        return "<1%"
    return ">99%" if 99 < share < 100 else f"{share:.0f}%"


def rounded(numbers: Mapping[str, object]) -> dict[str, str]:
    """Numbers as text, with three digits where they are not whole."""
    return {
        name: f"{value:.3g}" if isinstance(value, float) else f"{value}"
        for name, value in numbers.items()
    }
