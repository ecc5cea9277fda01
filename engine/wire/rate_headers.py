"""What a reply's headers say about limits and waiting."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

_UNIT_S = {"ms": 1e-3, "us": 1e-6, "µs": 1e-6, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|s|m|h|d)")


class Allowance(NamedTuple):
    """One `x-ratelimit-*` triple: units a window, units left, seconds until all are back."""

    limit: float
    remaining: float | None
    reset_s: float | None

    @property
    def is_per_day(self) -> bool:
        """Whether it speaks of a day: a minute's bucket is full again within a minute.

        Some providers report the day's requests in these headers, without saying so.
        """
        if self.reset_s is None or self.reset_s <= 60.0 or self.remaining is None:
            return False
        used = self.limit - self.remaining
        return used <= 0 or self.reset_s * self.limit / used >= 3600.0


class AllowanceNames(NamedTuple):
    """The three headers about one unit."""

    limit: str
    remaining: str
    reset: str


REQUESTS = AllowanceNames(
    "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"
)
TOKENS = AllowanceNames(
    "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"
)


def read_allowance(headers: Mapping[str, str], names: AllowanceNames) -> Allowance | None:
    """What the headers say about requests or tokens; None without a usable limit."""
    limit = _number(headers.get(names.limit))
    if not limit:
        return None
    remaining = _number(headers.get(names.remaining))
    return Allowance(limit, remaining, parse_duration_s(headers.get(names.reset)))


def parse_duration_s(text: str | None) -> float | None:
    """Seconds of a duration such as `913ms`, `1s`, `6m0s` or a bare number; None if it is none."""
    if not text:
        return None
    parts = _DURATION_PART.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _UNIT_S[unit] for number, unit in parts)
    return _number(text)


def read_retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """The minimum wait that a reply asks for, in seconds; None where it names none.

    `retry-after-ms` comes first; `retry-after` is seconds, also fractions, or an HTTP date
    (RFC 9110, section 10.2.3). A time that has passed is 0.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000.0
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _number(text: str | None) -> float | None:
    """A finite number that is not negative; None for anything else."""
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0.0 else None
