"""Durations, waits and limits as headers spell them."""

from datetime import UTC, datetime

import pytest

from engine.wire.replies.rate_headers import (
    REQUESTS,
    TOKENS,
    Allowance,
    parse_duration_s,
    read_allowance,
    read_retry_after_s,
    read_stated_wait_s,
)
from tests.rows import each_row

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


@each_row(
    "text, seconds",
    [
        ("913ms", 0.913),
        ("1s", 1.0),
        ("1.307s", 1.307),
        ("6m0s", 360.0),
        ("1h0m5s", 3605.0),
        ("2d", 172_800.0),
        ("0", 0.0),
        ("12.5", 12.5),
        ("soon", None),
        ("1s!", None),
        ("-1s", None),
        ("", None),
        (None, None),
    ],
)
def test_durations_are_read_as_the_api_spells_them(text: str | None, seconds: float | None) -> None:
    assert parse_duration_s(text) == (None if seconds is None else pytest.approx(seconds))


@each_row(
    "headers, seconds",
    [
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "Wed, 25 Nov 2026 12:01:30 GMT"}, 90.0),
        ({"retry-after": "Wed, 25 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 25 Nov 2026 12:01:30 -0000"}, 90.0),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after-ms": "x", "retry-after": "2"}, 2.0),
        ({}, None),
        (
            {
                "retry-after": "Wed, 25 Nov 2026 13:00:02 GMT",
                "date": "Wed, 25 Nov 2026 13:00:00 GMT",
            },
            2.0,
        ),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, None),
        ({"retry-after": "Fri, 31 Dec 99999 23:59:59 GMT"}, None),
        ({"retry-after": "99999999"}, None),
        ({"retry-after": "7200"}, 7200.0),
        ({"retry-after": str(int(NOW.timestamp()) + 3)}, 3.0),
        ({"retry-after-ms": "1e300"}, None),
        ({"retry-after": ""}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert read_retry_after_s(headers, NOW) == seconds


def test_allowance_may_be_partial_or_absent() -> None:
    partial = {"x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-requests": "499"}

    assert read_allowance(partial, REQUESTS, NOW) == Allowance(500, 499, None)
    assert read_allowance(partial, TOKENS, NOW) is None
    assert read_allowance({"x-ratelimit-limit-requests": "-1"}, REQUESTS, NOW) is None


@each_row("factor", [1, 1000])
def test_moment_of_a_reset_is_read_as_the_time_until_then(factor: int) -> None:
    headers = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": str((int(NOW.timestamp()) + 3) * factor),
    }

    assert read_allowance(headers, REQUESTS, NOW) == Allowance(60, 0, 3.0)


def test_reset_that_no_limit_has_is_not_believed() -> None:
    headers = {"x-ratelimit-limit-requests": "60", "x-ratelimit-reset-requests": "900000"}

    assert read_allowance(headers, REQUESTS, NOW) == Allowance(60, None, None)


@each_row(
    "allowance, is_per_day",
    [
        (Allowance(500, 499, 0.12), False),
        (Allowance(1200, 3, 0.85), False),
        (Allowance(500, 100, 48.0), False),
        (Allowance(14_400, 14_370, 180.0), True),
        (Allowance(200, 0, 86_400.0), True),
        (Allowance(500, 100, None), False),
    ],
)
def test_a_days_allowance_is_told_from_a_minutes(allowance: Allowance, is_per_day: bool) -> None:
    assert allowance.is_per_day is is_per_day


@each_row(
    "message, seconds",
    [
        ("on tokens per day (TPD): Limit 100000. Please try again in 7m12.5s. Need more", 432.5),
        ("Please try again in 20ms.", 0.02),
        ("call rate limit. Please retry after 45 seconds. Please go here", 45.0),
        ("your S0 pricing tier. Please retry after 86400 seconds.", 86_400.0),
        ('{\\n "message": "quota, limit: 20\\\\nPlease retry in 33.2s.", "status"', 33.2),
        ("Try again in 1 hour 2 minutes", 3720.0),
        ("Please try again in 99999999 seconds", None),
        ("Please try again in a few minutes", None),
        ("Rate limit reached", None),
    ],
)
def test_a_wait_in_words_is_read(message: str, seconds: float | None) -> None:
    assert read_stated_wait_s(message) == pytest.approx(seconds)
