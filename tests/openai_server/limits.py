"""Rate limits as the API enforces them: requests and tokens a minute, in short windows."""

from collections.abc import Callable, Mapping

from tests.openai_server.config import ANY_MODEL, ModelLimits, RateLimitHeaders
from tests.openai_server.errors import ApiError
from tests.openai_server.faults import retry_after

_ROUNDING = 1e-6  # units; who waits exactly as long as told is let in


class Bucket:
    """A token bucket that holds `burst_s` worth of the rate, and at least one request.

    What needs more than a full bucket passes when it is full and leaves a debt behind.
    """

    def __init__(self, units_per_minute: float, burst_s: float, now_s: float) -> None:
        self._now_s = now_s
        self.configure(units_per_minute, burst_s)
        self.level = self._capacity

    def configure(self, units_per_minute: float, burst_s: float) -> None:
        """Follow a changed limit; what was taken stays taken."""
        self.units_per_minute = units_per_minute
        self._units_per_s = units_per_minute / 60.0
        self._capacity = max(1.0, self._units_per_s * burst_s)
        self.level = min(getattr(self, "level", self._capacity), self._capacity)

    def missing_s(self, units: float, now_s: float) -> float:
        """Seconds until `units` can be taken; 0.0 means now."""
        elapsed_s, self._now_s = now_s - self._now_s, now_s
        self.level = min(self._capacity, self.level + elapsed_s * self._units_per_s)
        missing = min(units, self._capacity) - self.level
        return missing / self._units_per_s if missing > _ROUNDING else 0.0

    def give_back(self, units: float) -> None:
        """Return what was reserved and not used (negative: take what was used beyond)."""
        self.level = min(self._capacity, self.level + units)

    def remaining(self) -> int:
        """Whole units that could be taken right now."""
        return max(0, int(self.level))

    def full_in_s(self) -> float:
        """Seconds until the bucket is full again."""
        return (self._capacity - self.level) / self._units_per_s


class RateLimits:
    """One pair of buckets for each key and model. A refused request counts as a request too."""

    def __init__(self, limits: Mapping[str, ModelLimits], now_s: Callable[[], float]) -> None:
        self._limits = limits
        self._now_s = now_s
        self._buckets: dict[tuple[str, str, str], Bucket] = {}

    def configure(self, limits: Mapping[str, ModelLimits]) -> None:
        """Follow changed limits from now on; buckets keep what was taken from them."""
        self._limits = limits

    def admit(self, key: str, model: str, tokens: int) -> None:
        """Take one request and `tokens`.

        Raises:
            ApiError: 429, with the time after which to try again; nothing but the refused
                request itself was taken.
        """
        requests, tokens_bucket = self._pair(key, model)
        now_s = self._now_s()
        if tokens_bucket is not None and tokens > tokens_bucket.units_per_minute:
            raise _too_large(model, tokens_bucket.units_per_minute, tokens)
        wait_s = requests.missing_s(1, now_s) if requests else 0.0
        token_wait_s = tokens_bucket.missing_s(tokens, now_s) if tokens_bucket else 0.0
        if requests is not None and (wait_s > 0 or token_wait_s > 0):
            requests.level = max(0.0, requests.level - 1)  # failed requests count
        if requests is not None and wait_s > 0:
            again_s = max(requests.missing_s(1, now_s), token_wait_s)
            raise _refused("requests", "RPM", model, requests, 1, again_s)
        if tokens_bucket is not None and token_wait_s > 0:
            raise _refused("tokens", "TPM", model, tokens_bucket, tokens, token_wait_s)
        if requests is not None:
            requests.level -= 1
        if tokens_bucket is not None:
            tokens_bucket.level -= tokens

    def settle(self, key: str, model: str, reserved_tokens: int, used_tokens: int) -> None:
        """Give back what the answer did not use, if this model's limits do that."""
        limits = self._limits_of(model)
        bucket = self._bucket(key, model, "tokens", limits.tokens_per_minute, limits.burst_s)
        if bucket is not None and limits.is_refunded:
            bucket.give_back(reserved_tokens - used_tokens)

    def headers(self, key: str, model: str, kind: RateLimitHeaders) -> dict[str, str]:
        """The `x-ratelimit-*` headers; `partial` has no resets and nothing about tokens.

        `limit` is per minute; `remaining` is what may be sent at this moment.
        """
        if kind == "off" or not self._limits:
            return {}
        headers: dict[str, str] = {}
        for name, bucket in zip(("Requests", "Tokens"), self._pair(key, model), strict=True):
            if bucket is None or (kind == "partial" and name == "Tokens"):
                continue
            headers[f"X-RateLimit-Limit-{name}"] = str(int(bucket.units_per_minute))
            headers[f"X-RateLimit-Remaining-{name}"] = str(bucket.remaining())
            if kind == "full":
                headers[f"X-RateLimit-Reset-{name}"] = duration(bucket.full_in_s())
        return headers

    def _limits_of(self, model: str) -> ModelLimits:
        return self._limits.get(model) or self._limits.get(ANY_MODEL) or ModelLimits()

    def _pair(self, key: str, model: str) -> tuple[Bucket | None, Bucket | None]:
        limits = self._limits_of(model)
        return (
            self._bucket(key, model, "requests", limits.requests_per_minute, limits.burst_s),
            self._bucket(key, model, "tokens", limits.tokens_per_minute, limits.burst_s),
        )

    def _bucket(
        self, key: str, model: str, unit: str, units_per_minute: float | None, burst_s: float
    ) -> Bucket | None:
        if units_per_minute is None:
            return None
        bucket = self._buckets.get((key, model, unit))
        if bucket is None:
            bucket = Bucket(units_per_minute, burst_s, self._now_s())
            self._buckets[key, model, unit] = bucket
        elif bucket.units_per_minute != units_per_minute:
            bucket.missing_s(0, self._now_s())  # what grew so far grew at the old rate
            bucket.configure(units_per_minute, burst_s)
        return bucket


def duration(seconds: float) -> str:
    """A duration as the headers spell it: `913ms`, `1s`, `1.307s`, `6m0s`, `1h0m5s`."""
    milliseconds = round(seconds * 1000)
    if milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest / 1000:g}s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


def _refused(
    kind: str, unit: str, model: str, bucket: Bucket, requested: int, again_s: float
) -> ApiError:
    limit = int(bucket.units_per_minute)
    message = (
        f"Rate limit reached for {model} in organization org-test-double on {kind} per min "
        f"({unit}): Limit {limit}, Used {max(0, limit - bucket.remaining())}, "
        f"Requested {requested}. Please try again in {duration(again_s)}."
    )
    headers = retry_after(again_s)
    return ApiError(429, "rate_limit_exceeded", message, kind=kind, headers=headers)


def _too_large(model: str, tokens_per_minute: float, requested: int) -> ApiError:
    message = (
        f"Request too large for {model} in organization org-test-double on tokens per min (TPM): "
        f"Limit {int(tokens_per_minute)}, Requested {requested}. The input or output tokens must "
        "be reduced in order to run successfully."
    )
    return ApiError(429, "rate_limit_exceeded", message, kind="tokens")
