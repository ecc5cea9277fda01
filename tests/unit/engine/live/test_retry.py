"""How long a failed attempt waits before it is made again."""

import random

from engine.errors import TransientError
from engine.live.retry import RetryPolicy, wait_s
from tests.rows import each_row

POLICY = RetryPolicy(max_attempts=8, max_retry_s=900, base_s=0.5, cap_s=60)


def least(low: float, high: float) -> float:
    return low


def most(low: float, high: float) -> float:
    return high


def error(retry_after_s: float | None = None) -> TransientError:
    return TransientError("no", code="t", retry_after_s=retry_after_s)


@each_row("attempt, longest_s", [(1, 0.5), (2, 1), (5, 8), (8, 60), (999, 60)])
def test_backoff_doubles_up_to_its_cap_with_full_jitter(attempt: int, longest_s: float) -> None:
    assert wait_s(attempt, error(), POLICY, least) == 0
    assert wait_s(attempt, error(), POLICY, most) == longest_s


def test_retry_after_is_a_floor_and_jitter_only_adds_to_it() -> None:
    uniform = random.Random(1).uniform

    waits = [wait_s(1, error(retry_after_s=20), POLICY, uniform) for _ in range(1000)]

    assert 20 <= min(waits) < 20.1
    assert 24.9 < max(waits) <= 25
