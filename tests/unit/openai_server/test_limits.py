import pytest

from tests.openai_server import ModelLimits
from tests.openai_server.errors import ApiError
from tests.openai_server.limits import RateLimits, duration
from tests.rows import each_row

MODEL = "gpt-6-luna"


class FakeTime:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def make_limits(
    time: FakeTime, rpm: float | None = None, tpm: float | None = None, **more: float
) -> RateLimits:
    limits = ModelLimits(requests_per_minute=rpm, tokens_per_minute=tpm, **more)
    return RateLimits({MODEL: limits}, time)


def admitted_in(limits: RateLimits, time: FakeTime, seconds: float, tokens: int = 1) -> int:
    """A client that sends as soon as it is allowed to."""
    count = 0
    end_s = time.now_s + seconds
    while time.now_s < end_s:
        try:
            limits.admit("key", MODEL, tokens)
            count += 1
        except ApiError as refused:
            time.now_s += int(refused.headers["Retry-After-Ms"]) / 1000
    return count


def test_sixty_requests_a_minute_are_one_a_second() -> None:
    time = FakeTime()
    limits = make_limits(time, rpm=60)

    limits.admit("key", MODEL, 1)
    with pytest.raises(ApiError) as refused:
        limits.admit("key", MODEL, 1)
    time.now_s += 1.001
    limits.admit("key", MODEL, 1)

    assert (refused.value.status, refused.value.code) == (429, "rate_limit_exceeded")
    assert refused.value.headers == {"Retry-After-Ms": "1000", "Retry-After": "1"}


def test_burst_is_one_seconds_worth_and_then_the_rate_holds() -> None:
    time = FakeTime()
    limits = make_limits(time, tpm=60_000)

    count = admitted_in(limits, time, 10, tokens=100)

    assert 108 <= count <= 110  # 10 s at 1,000 tokens/s, and 1,000 at the start


def test_longer_burst_admits_more_at_the_start() -> None:
    time = FakeTime()
    limits = make_limits(time, tpm=60_000, burst_s=60)

    for _ in range(600):
        limits.admit("key", MODEL, 100)

    with pytest.raises(ApiError, match="TPM"):
        limits.admit("key", MODEL, 100)


def test_refused_request_counts_as_a_request() -> None:
    time = FakeTime()
    limits = make_limits(time, rpm=60)
    limits.admit("key", MODEL, 1)
    time.now_s += 0.9

    with pytest.raises(ApiError):
        limits.admit("key", MODEL, 1)
    time.now_s += 0.2

    with pytest.raises(ApiError):
        limits.admit("key", MODEL, 1)


def test_client_that_hammers_never_gets_through() -> None:
    time = FakeTime()
    limits = make_limits(time, rpm=600)
    for _ in range(10):
        limits.admit("key", MODEL, 1)

    for _ in range(100):
        with pytest.raises(ApiError):
            limits.admit("key", MODEL, 1)
        time.now_s += 0.05


def test_request_refused_for_its_tokens_takes_no_tokens() -> None:
    time = FakeTime()
    limits = make_limits(time, tpm=6_000)
    limits.admit("key", MODEL, 60)

    with pytest.raises(ApiError):
        limits.admit("key", MODEL, 80)

    limits.admit("key", MODEL, 40)


def test_request_beyond_the_tokens_per_minute_is_too_large_for_ever() -> None:
    limits = make_limits(FakeTime(), tpm=1_000)

    with pytest.raises(ApiError, match="Request too large") as refused:
        limits.admit("key", MODEL, 1_001)

    assert refused.value.headers == {}


def test_request_beyond_one_burst_passes_and_leaves_a_debt() -> None:
    time = FakeTime()
    limits = make_limits(time, tpm=60_000)

    limits.admit("key", MODEL, 5_000)
    time.now_s += 4.9

    with pytest.raises(ApiError):
        limits.admit("key", MODEL, 1_000)
    time.now_s += 0.2
    limits.admit("key", MODEL, 1_000)


def test_unused_tokens_are_given_back_unless_switched_off() -> None:
    for is_refunded in (True, False):
        limits = make_limits(FakeTime(), tpm=60_000, is_refunded=is_refunded)
        limits.admit("key", MODEL, 1_000)
        limits.settle("key", MODEL, reserved_tokens=1_000, used_tokens=300)

        remaining = limits.headers("key", MODEL, "full")["X-RateLimit-Remaining-Tokens"]

        assert remaining == ("700" if is_refunded else "0")


def test_keys_and_models_have_limits_of_their_own() -> None:
    time = FakeTime()
    limits = RateLimits({"*": ModelLimits(requests_per_minute=60)}, time)

    limits.admit("key", "a", 1)
    limits.admit("key", "b", 1)
    limits.admit("other key", "a", 1)

    with pytest.raises(ApiError):
        limits.admit("key", "a", 1)


def test_halved_and_doubled_limits_hold_at_once() -> None:
    time = FakeTime()
    limits = make_limits(time, rpm=1_200)
    admitted_in(limits, time, 2)

    limits.configure({MODEL: ModelLimits(requests_per_minute=600)})
    halved = admitted_in(limits, time, 10)
    limits.configure({MODEL: ModelLimits(requests_per_minute=2_400)})
    doubled = admitted_in(limits, time, 10)

    assert 90 <= halved <= 110
    assert 380 <= doubled <= 405


def test_headers_name_limit_remaining_and_reset() -> None:
    limits = make_limits(FakeTime(), rpm=600, tpm=60_000)
    limits.admit("key", MODEL, 400)

    assert limits.headers("key", MODEL, "full") == {
        "X-RateLimit-Limit-Requests": "600",
        "X-RateLimit-Remaining-Requests": "9",
        "X-RateLimit-Reset-Requests": "100ms",
        "X-RateLimit-Limit-Tokens": "60000",
        "X-RateLimit-Remaining-Tokens": "600",
        "X-RateLimit-Reset-Tokens": "400ms",
    }


def test_headers_can_be_partial_or_absent() -> None:
    limits = make_limits(FakeTime(), rpm=600, tpm=60_000)

    partial = limits.headers("key", MODEL, "partial")

    assert sorted(partial) == ["X-RateLimit-Limit-Requests", "X-RateLimit-Remaining-Requests"]
    assert limits.headers("key", MODEL, "off") == {}


@each_row(
    "seconds, text",
    [(0, "0ms"), (0.913, "913ms"), (1, "1s"), (1.307, "1.307s"), (360, "6m0s"), (3605, "1h0m5s")],
)
def test_durations_are_spelt_as_the_api_spells_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
