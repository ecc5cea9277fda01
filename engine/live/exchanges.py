"""One attempt that has been admitted: sent, read, paid for, and its consequences drawn."""

import asyncio

from engine.clock import Clock
from engine.errors import (
    CapacityError,
    EngineError,
    MalformedReplyError,
    NeverSentError,
    RateLimitError,
    RequestError,
    TransientError,
    UnclearRefusalError,
)
from engine.live.calls import Call, PaidReply
from engine.live.flex.gate import MEMBER as FLEX_MEMBER
from engine.live.pace.concurrency import Gate
from engine.live.pace.limits import Charge
from engine.live.routes import Route, is_away
from engine.live.transport import Transport
from engine.spending.budget import Budget
from engine.spending.send import Send
from engine.stats.counters import Stats
from engine.wire.payloads import TokenEstimates, with_members
from engine.wire.prompt_cache import with_cache
from engine.wire.replies.content import wrapping_of
from engine.wire.replies.responses import HttpResponse, billed_body, read_reply
from engine.wire.replies.usage import count_usage
from schemas.requests import Json

REQUEST_ID_HEADER = "x-request-id"  # what OpenAI's support asks for
USUAL_TIERS = (None, "default", "", "auto")  # in replies: what the live price is for


class Admitted:
    """An attempt that may go out: what of, where to, and what it holds of limits and budget."""

    __slots__ = ("call", "charge", "route", "send", "sent_s")

    def __init__(self, call: Call, route: Route, charge: Charge, send: Send) -> None:
        self.call = call
        self.route = route
        self.charge = charge
        self.send = send
        self.sent_s = 0.0

    def withdraw(self) -> None:
        """Take it back: it is not sent after all."""
        self.route.withdraw(self.charge)


class Exchanges:
    """Makes attempts that have been admitted; any number at once. `gate` is that of the process."""

    def __init__(
        self,
        transport: Transport,
        *,
        gate: Gate,
        clock: Clock,
        budget: Budget,
        stats: Stats,
        estimates: TokenEstimates,
        max_attempts: int,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._budget = budget
        self._stats = stats
        self._estimates = estimates
        self._max_attempts = max_attempts
        self.gate = gate
        self.started_s: float | None = None

    async def make(self, attempt: Admitted) -> PaidReply:
        """The reply of an attempt, counted and paid for.

        Raises:
            EngineError: there is none; what was billed is paid all the same.
        """
        gate, stats, call, route = self.gate, self._stats, attempt.call, attempt.route
        if not gate.enter_at_once():
            await gate.enter(attempt.withdraw)
        try:
            await attempt.send.begin()
        except BaseException:
            gate.leave()
            attempt.withdraw()
            raise
        self._begin(attempt)
        try:
            payload, is_slow = self._payload(attempt), call.flex is not None
            response = await self._transport.post(
                route.endpoint, call.request.url, payload, is_slow=is_slow
            )
            reply = self._read(attempt, response)
        except TransientError as error:
            self._note_failure(attempt, error)
            raise
        except RequestError:
            route.note_answer()
            raise
        except asyncio.CancelledError:
            route.breaker.abandon_probe()
            raise
        finally:
            gate.leave()
            call.latency_s = self._clock.monotonic_s() - attempt.sent_s
            stats.count_back()
        route.note_reply()
        stats.latencies.add(call.latency_s)
        return reply

    def _begin(self, attempt: Admitted) -> None:
        attempt.call.attempts += 1
        self._stats.count_sent()
        attempt.sent_s = now_s = self._clock.monotonic_s()
        if self.started_s is None:
            self.started_s = now_s

    def _read(self, attempt: Admitted, response: HttpResponse) -> PaidReply:
        """The reply in a response, paid for.

        Raises:
            TransientError, RequestError, FatalError: there is none; what was billed is paid all
                the same.
        """
        call, route, headers = attempt.call, attempt.route, response.headers
        route.learn(headers, attempt.sent_s)
        try:
            reply = read_reply(response, call.request.url, route.endpoint, self._clock)
        except EngineError as error:
            if (billed := billed_body(response)) is not None:
                self._pay(attempt, billed)
            if isinstance(error, UnclearRefusalError):
                is_last = call.failures.count + 1 >= self._max_attempts
                raise route.judge(call.request.request_id, error, is_last=is_last) from None
            raise
        body, raw, is_plain = reply
        self._pay(attempt, body)
        if call.asks_for_json or not is_plain:
            self._count_wrapping(call, body)
        return PaidReply(body, raw, is_plain, headers.get(REQUEST_ID_HEADER, ""))

    def _payload(self, attempt: Admitted) -> bytes:
        call, route, request = attempt.call, attempt.route, attempt.call.request
        payload = call.payload_for(route.endpoint, attempt.send.output_limit)
        if call.asks_for_json:
            payload = call.choose_form(payload, route.forms_of(request.purpose))
        if request.cache is not None and route.knows_cache:
            payload = with_cache(payload, request.cache)
            call.cached_by = route
        return payload if call.flex is None else with_members(payload, FLEX_MEMBER)

    def _pay(self, attempt: Admitted, body: dict[str, Json]) -> None:
        """Count what a reply cost, by its tokens and by the service tier that it names."""
        call, send = attempt.call, attempt.send
        counted = count_usage(body, send.worst_usage)
        cost_usd = self._budget.price(call.request.model, counted.usage)
        tier = body.get("service_tier")
        if tier not in USUAL_TIERS:
            call.service_tier = str(tier)
            cost_usd = self._budget.at_tier(cost_usd, call.service_tier)
        elif call.service_tier:  # of a reply before
            call.service_tier = ""
        usage = None if counted.is_estimated else counted.usage
        send.pay(cost_usd, usage, call.service_tier)
        call.pay(counted, cost_usd)
        if call.budget_limit is not send.output_limit:
            call.budget_limit = send.output_limit
        if not counted.is_estimated:
            self._estimates.learn(call.request, counted.usage)
            attempt.route.limits.settle(attempt.charge, counted.usage)

    def _count_wrapping(self, call: Call, body: dict[str, Json]) -> None:
        wrapping = wrapping_of(body, asks_for_json=call.asks_for_json)
        if wrapping is not None:
            self._stats.count_unwrapped(wrapping)

    def _note_failure(self, attempt: Admitted, error: TransientError) -> None:
        call, route, now_s = attempt.call, attempt.route, self._clock.monotonic_s()
        if isinstance(error, RateLimitError):
            self._stats.count_refused()
        is_scarce = call.flex is not None and isinstance(error, CapacityError)
        if not isinstance(error, NeverSentError) and not is_scarce:
            is_malformed = isinstance(error, MalformedReplyError)
            others = route.breaker.answer_count
            call.failures.add(now_s, others_answered=others, is_malformed=is_malformed)
        if isinstance(error, NeverSentError) or (route.breaker.is_open and is_away(error)):
            call.failures.restart_time(now_s)
        route.note_failure(call, error, attempt.charge, attempt.sent_s)
