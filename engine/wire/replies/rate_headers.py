"""What a reply's headers say about limits and waiting."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

MAX_WAIT_S = 86_400.0  # no limit is counted over more than a day
EPOCH_S_FROM = 1e9  # the year 2001; as a wait it would be 30 years
EPOCH_MS_FROM = 1e12

_UNIT_S = {"ms": 1e-3, "us": 1e-6, "µs": 1e-6, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|s|m|h|d)")
_STATED_WAIT = re.compile(
    r"\b(?:retry|try again) (?:in|after) (?P<text>(?:\d+(?:\.\d+)? ?(?:ms|s|m|h|d)[a-z]*[ ,]*)+)",
    re.IGNORECASE,
)


class Allowance(NamedTuple):
    """One `x-ratelimit-*` triple: units a window, units left, seconds until all are back."""

    limit: float
    remaining: float | None
    reset_s: float | None

    @property
    def window_s(self) -> float | None:
        """The time in which a whole allowance comes back; None where the headers do not tell."""
        if self.reset_s is None or self.remaining is None:
            return None
        used = self.limit - self.remaining
        return self.reset_s * self.limit / used if used > 0 else None

    @property
    def is_per_day(self) -> bool:
        """Whether it is an allowance of a day: one of a minute is full again within a minute.

        Some providers report their limit of requests a day in the same headers.
        """
        if self.reset_s is None or self.reset_s <= 60.0 or self.remaining is None:
            return False
        return self.window_s is None or self.window_s >= 3600.0


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


def read_allowance(
    headers: Mapping[str, str], names: AllowanceNames, now: datetime
) -> Allowance | None:
    """What the headers say about requests or tokens; None without a usable limit.

    Some providers name the moment of the reset instead of the time until then, as seconds or
    milliseconds since 1970; `now` is the time of day here.
    """
    limit = _number(headers.get(names.limit))
    if not limit:
        return None
    remaining = _number(headers.get(names.remaining))
    reset_s = parse_duration_s(headers.get(names.reset))
    if reset_s is not None:
        reset_s = _plausible(reset_s, headers, now)
    return Allowance(limit, remaining, reset_s)


def parse_duration_s(text: str | None) -> float | None:
    """Seconds of a duration such as `913ms`, `1s`, `6m0s` or a bare number; None if it is none."""
    if not text:
        return None
    parts = _DURATION_PART.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        seconds = sum(float(number) * _UNIT_S[unit] for number, unit in parts)
        return seconds if math.isfinite(seconds) else None
    return _number(text)


def read_retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """The minimum wait that a response asks for, in seconds; None where it names none.

    `retry-after-ms` comes first; `retry-after` is seconds, also fractions, or an HTTP date
    (RFC 9110, section 10.2.3), which is held against the response's own date: `now`, the time of
    day here, may be wrong. A time that has passed is 0; more than a day is taken for a mistake.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _plausible(milliseconds / 1000.0, headers, now)
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None:
        return _plausible(seconds, headers, now)
    moment = _http_date(text)
    if moment is None:
        return None
    wait_s = max(0.0, (moment - _server_time(headers, now)).total_seconds())
    return wait_s if wait_s <= MAX_WAIT_S else None


def read_stated_wait_s(message: str) -> float | None:
    """The wait that an error asks for in words, in seconds; None where it names none.

    Groq, Gemini, Azure and gateways say "try again in 7m12s" or "retry after 45 seconds", and not
    all of them in a header too. More than a day is taken for a mistake.
    """
    found = _STATED_WAIT.search(message)
    if found is None:
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?) ?(ms|s|m|h|d)", found["text"].lower())
    seconds = sum(float(number) * _UNIT_S[unit] for number, unit in parts)
    return seconds if seconds <= MAX_WAIT_S else None


def _server_time(headers: Mapping[str, str], now: datetime) -> datetime:
    return _http_date(headers.get("date")) or now


def _http_date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _plausible(seconds: float, headers: Mapping[str, str], now: datetime) -> float | None:
    """A wait in seconds, also where a moment of time was given; None beyond MAX_WAIT_S."""
    if seconds >= EPOCH_S_FROM:
        moment_s = seconds / 1000.0 if seconds >= EPOCH_MS_FROM else seconds
        seconds = max(0.0, moment_s - _server_time(headers, now).timestamp())
    return seconds if seconds <= MAX_WAIT_S else None


def _number(text: str | None) -> float | None:
    """A finite number that is not negative; None for anything else."""
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0.0 else None
