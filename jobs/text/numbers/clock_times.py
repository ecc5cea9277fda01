"""Knows a time of day that a text writes in another way: 18:00, 6 p.m., 18 Uhr, 18 h, 18 heures."""

import re
from collections.abc import Collection

_TIME = re.compile(r"(\d{1,2}):(\d\d)")
_CLOCK = re.compile(
    r"\b[ap]\.?\s?m\b|o['\u2019]clock|\buhr\b|\d\s?h\b|\bheures?\b|\bhoras\b|\bore\b|\d\s?[時时点點]",
    re.IGNORECASE,
)
_AFTERNOON = re.compile(
    r"\bp\.?\s?m\b|\b(?:nachmittags|abends|de la tarde|de la noche|de l['\u2019]après-midi|du soir"
    r"|del pomeriggio|di sera)\b|午後|下午|晚上",
    re.IGNORECASE,
)
_HOUR = re.compile(r"(\d{1,2})(?::([0-5]\d))?")
_NOON, _MINUTES_OF_HALF = 12, "30"


def is_time_of(number: str, text: str, numbers: Collection[str]) -> bool:
    """Whether `number` is a time of day that `text`, which holds `numbers`, writes otherwise."""
    time = _TIME.fullmatch(number)
    if time is None or _CLOCK.search(text) is None:
        return False
    hours = {int(time[1])}
    if int(time[1]) > _NOON and _AFTERNOON.search(text):
        hours.add(int(time[1]) - _NOON)
    return any(_is_said(hour, time[2], text, numbers) for hour in hours)


def is_same_time(number: str, text: str, source: str) -> bool:
    """Whether `text` has `number` as a time of the afternoon that its source counts from midnight.

    "9:45 p.m." where the source has 21:45, 21 h 45 or 21.45.
    """
    time = _HOUR.fullmatch(number)
    if time is None or int(time[1]) >= _NOON:
        return False
    said = rf"(?<![\d:.]){re.escape(number)}(?::00)?\s?(?:{_AFTERNOON.pattern})"
    hour, minutes = int(time[1]) + _NOON, time[2] or "00"
    form = rf"(?<!\d){hour}\s?(?:[h:.\u6642\u65f6\u70b9\u9ede]|uhr)\s?{minutes}(?!\d)"
    if minutes == "00":
        form += rf"|(?<!\d){hour}\s?(?:uhr|h\b|heures?|horas?|ore|[\u6642\u65f6\u70b9\u9ede])"
    is_said = re.search(said, text, re.IGNORECASE) is not None
    return is_said and re.search(form, source, re.IGNORECASE) is not None


def _is_said(hour: int, minutes: str, text: str, numbers: Collection[str]) -> bool:
    if not int(minutes):
        return str(hour) in numbers
    said = rf"(?<!\d)0?{hour}\s?(?:[h:.時时点點]|uhr)\s?{minutes}(?!\d)"
    if minutes == _MINUTES_OF_HALF:
        said += rf"|(?<!\d)0?{hour}\s?[時时点點]半"
    return re.search(said, text, re.IGNORECASE) is not None
