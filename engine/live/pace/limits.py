"""The limits of one model at one endpoint: what a request must wait for before it goes."""

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple

from engine.clock import Clock
from engine.errors import (
    REQUEST_TOO_LARGE,
    OtherEndpointError,
    OutageError,
    RateLimitError,
    RequestError,
)
from engine.live.pace.breaker import Breaker
from engine.live.pace.minute_limiter import MinuteLimiter
from engine.live.pace.share import Share, WholeAccount
from engine.stopping import Admission
from engine.wire.payloads import TokenCount
from engine.wire.replies.rate_headers import REQUESTS, TOKENS, read_allowance
from schemas.outcomes import Usage

HEADROOM = 0.5  # of the burst: the rest absorbs the jitter of the way to the server
FIRST_COOLDOWN_S = 0.5
MAX_COOLDOWN_S = 60.0
MAX_GAP_S = 60.0  # between a pause and the next refusal; what is longer was no waiting
LONG_WAIT_S = 1.0  # from which on a stop must be heard while a bucket fills
REPLIES_TO_TRUST = 50  # in a row that show a bucket much fuller than ours


class Charge(NamedTuple):
    """What one attempt took: the time that it and its tokens took of their buckets."""

    estimate: TokenCount
    request_s: float
    token_s: float


class Limits:
    """Requests and tokens a minute, and the pauses that all requests of a model share.

    Callers take turns, first come first served: only the first waits for a bucket, the others
    for their turn. What is taken goes at once. Known limits come from the settings (a ceiling) or
    from the replies' headers, which are followed as they change. They are those of the account, of
    which `share` is the part that this process may use.
    """

    def __init__(
        self,
        requests_per_minute: float | None,
        tokens_per_minute: float | None,
        *,
        burst_s: float,
        max_pause_s: float,
        admission: Admission,
        clock: Clock,
        share: Share = WholeAccount(),  # noqa: B008 - has no state
    ) -> None:
        self.requests = MinuteLimiter(requests_per_minute, burst_s=burst_s * HEADROOM)
        self.tokens = MinuteLimiter(tokens_per_minute, burst_s=burst_s * HEADROOM)
        self._max_pause_s = max_pause_s
        self._admission = admission
        self._clock = clock
        self._share = share
        self._turn = asyncio.Lock()
        self._resume_s = float("-inf")
        self._refusals_in_a_row = 0
        self._refused_at_s = 0.0
        self._refused_s = 0.0
        self._corrected_s = float("-inf")
        self._charges_unused_output = False
        self._spare_in_a_row = 0
        self._is_given_up = False

    @property
    def are_known(self) -> bool:
        """Whether there is any limit that holds requests back before they are refused."""
        return self.requests.units_per_minute is not None or (
            self.tokens.units_per_minute is not None
        )

    @property
    def is_paused(self) -> bool:
        """Whether a pause holds back all requests now."""
        return self._resume_s > self._clock.monotonic_s()

    @property
    def are_waited_for(self) -> bool:
        """Whether a request waits for a limit or a pause now."""
        return self._turn.locked()

    def take_at_once(self, estimate: TokenCount, breaker: Breaker) -> Charge | None:
        """Take what a request of that size needs, if no request has to wait; else None.

        Raises what `take` raises.
        """
        if self._turn.locked() or self._is_given_up or breaker.is_open or self._refusals_in_a_row:
            return None
        if self.is_paused:
            return None
        if not self._share.is_held:
            return None
        charge = self._charge(estimate)
        if not (self.requests.is_paid(charge.request_s) and self.tokens.is_paid(charge.token_s)):
            return None
        self._admission.check()
        self.requests.take_paid(charge.request_s)
        self.tokens.take_paid(charge.token_s)
        self._share.note_use(max(charge.request_s, charge.token_s))
        return charge

    async def take(
        self, estimate: TokenCount, breaker: Breaker, is_patient: Callable[[], bool]
    ) -> Charge:
        """Wait until a request of that size may go, and take what it needs.

        Raises:
            RequestError: it is larger than the tokens of a minute that the settings allow.
            OutageError: a pause, an outage or nothing but refusals last longer than allowed.
            OtherEndpointError: `is_patient` says that the request is better off elsewhere.
        """
        async with self._turn:
            self._check()
            await self._hold_share()
            charge = self._charge(estimate)
            if charge.request_s < LONG_WAIT_S:
                await self.requests.take(charge.request_s)
            else:
                await self._take_late_turn(charge.request_s)
            try:
                await self.tokens.take(charge.token_s)
            except asyncio.CancelledError:
                self.requests.give_back(charge.request_s)
                raise
            try:
                await self._pause(is_patient)
                await breaker.admit(is_patient)
                self._check()
                await self._hold_share()
            except BaseException:
                self.give_back(charge)
                raise
            self._share.note_use(max(charge.request_s, charge.token_s))
            return charge

    def give_up(self) -> None:
        """Admit no further request: all that wait go elsewhere."""
        self._is_given_up = True

    def give_back(self, charge: Charge) -> None:
        """Return all that a request took which was never sent."""
        self.requests.give_back(charge.request_s)
        self.tokens.give_back(charge.token_s)

    def give_back_tokens(self, charge: Charge) -> None:
        """Return the tokens of a request that was sent, and refused before it was looked at."""
        self.tokens.give_back(charge.token_s)

    def settle(self, charge: Charge, usage: Usage) -> None:
        """Note an answered request: what it did not use comes back, unless it is charged too."""
        if self.requests.pace < 1.0 or self.tokens.pace < 1.0:
            self.requests.speed_up()
            self.tokens.speed_up()
        tokens, output_tokens = charge.estimate
        if charge.token_s and usage.prompt_tokens > 0:
            if not self._charges_unused_output:
                output_tokens = usage.completion_tokens
            unused = 1.0 - (usage.prompt_tokens + output_tokens) / tokens
            self.tokens.give_back(charge.token_s * unused)

    def note_answer(self) -> None:
        """Note that a request was not refused, so that what comes next is a new beginning."""
        self._refusals_in_a_row = 0

    def learn(self, headers: Mapping[str, str], sent_s: float) -> bool:
        """Follow what a reply says of the limits; whether any limit was news.

        `sent_s` is when its request was sent: what the provider says of its buckets counts only
        if it has seen our last correction.
        """
        if REQUESTS.limit not in headers and TOKENS.limit not in headers:
            self.requests.remaining = self.tokens.remaining = None
            return False
        is_news, now = False, self._clock.utc_now()
        is_fresh = sent_s > self._corrected_s
        for limiter, names in ((self.requests, REQUESTS), (self.tokens, TOKENS)):
            allowance = read_allowance(headers, names, now)
            limiter.remaining = None if allowance is None else allowance.remaining
            if allowance is None:
                continue
            if allowance.is_per_day:
                is_news = limiter.follow_day(allowance) or is_news
                continue
            is_news = limiter.follow(allowance.limit) or is_news
            debt_s = allowance.reset_s
            if is_fresh and debt_s is not None and limiter.note_debt(debt_s):
                self._corrected_s = self._clock.monotonic_s()
        if self._charges_unused_output:
            self._reconsider_charges()
        return is_news

    def refuse(self, error: RateLimitError, charge: Charge) -> None:
        """Note a 429 whose headers were just learnt: all pause.

        If the provider really lacked what was asked for, our pace or our count is wrong: slower,
        and what an answer does not use is charged from now on.
        """
        now_s = self._clock.monotonic_s()
        is_first = now_s >= self._resume_s  # the others were sent before we knew
        if self._refusals_in_a_row == 0:
            self._refused_s = 0.0
        else:  # not the time in which the process was stopped
            gap_s = now_s - self._refused_at_s
            self._refused_s += min(gap_s, max(0.0, self._resume_s - self._refused_at_s) + MAX_GAP_S)
        self._refused_at_s = now_s
        if is_first or self._refusals_in_a_row == 0:
            self._refusals_in_a_row += 1
        pause_s = error.retry_after_s
        if pause_s is None:
            pause_s = FIRST_COOLDOWN_S * 2 ** min(self._refusals_in_a_row - 1, 16)
            pause_s = min(pause_s, MAX_COOLDOWN_S)
        self._resume_s = max(self._resume_s, now_s + pause_s)
        is_about_tokens = "token" in str(error).lower()
        limiter = self.tokens if is_about_tokens else self.requests
        if limiter.lacks(charge.estimate.tokens if is_about_tokens else 1):
            self._charges_unused_output = self._charges_unused_output or is_about_tokens
            if is_first:
                limiter.slow_down()

    def _reconsider_charges(self) -> None:
        """Refund again what answers do not use, once the provider is seen to do so."""
        self._spare_in_a_row = self._spare_in_a_row + 1 if self.tokens.is_spared else 0
        if self._spare_in_a_row >= REPLIES_TO_TRUST:
            self._charges_unused_output = False
            self._spare_in_a_row = 0

    def _charge(self, estimate: TokenCount) -> Charge:
        part = self._share.part
        return Charge(estimate, self.requests.unit_s / part, self._token_s(estimate.tokens) / part)

    async def _take_late_turn(self, request_s: float) -> None:
        """Wait long for the bucket of requests, as when those of a day are used up."""
        if request_s > self._max_pause_s:
            raise OutageError(
                "the provider's limit of requests is used up: the next one may go in "
                f"{request_s:,.0f} s, longer than the {self._max_pause_s:,.0f} s that a pause may "
                "last; run again later"
            )
        await self._admission.wait(self.requests.take(request_s))

    async def _hold_share(self) -> None:
        while not self._share.is_held:
            waiting = asyncio.ensure_future(self._share.wait())
            await self._admission.wait(waiting)
            waiting.result()

    def _check(self) -> None:
        self._admission.check()
        if self._is_given_up:
            raise OtherEndpointError("the endpoint was given up")
        if self._refusals_in_a_row and self._refused_s > self._max_pause_s:
            raise OutageError(
                f"the provider has refused all for {self._refused_s:,.0f} s (429), longer than "
                f"the {self._max_pause_s:,.0f} s that a pause may last; run again later"
            )

    def _token_s(self, tokens: int) -> float:
        """The time that a request takes of the bucket of tokens.

        One that is larger than a learnt limit goes as if there were none: such a limit is a
        passing one, or not of a minute; the provider says so if it will not have it.
        """
        limit = self.tokens.units_per_minute
        if limit is None or tokens <= limit:
            return tokens * self.tokens.unit_s
        if self.tokens.is_given:
            raise RequestError(
                f"the request counts as {tokens:,} tokens, more than the {limit:,.0f} tokens a "
                "minute that are allowed; shorten it or lower its output limit",
                code=REQUEST_TOO_LARGE,
            )
        return 0.0

    async def _pause(self, is_patient: Callable[[], bool]) -> None:
        while (pause_s := self._resume_s - self._clock.monotonic_s()) > 0.0:
            if not is_patient():
                raise OtherEndpointError("the limits are used up for now")
            if pause_s > self._max_pause_s:
                raise OutageError(
                    f"the provider's limit is used up for another {pause_s:,.0f} s, longer than "
                    f"the {self._max_pause_s:,.0f} s that a pause may last; run again later"
                )
            await self._admission.sleep(pause_s)
