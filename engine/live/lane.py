"""The live lane: a request in, its outcome out, at the rate that the account allows."""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from engine.budget import Budget, Send
from engine.clock import Clock
from engine.errors import (
    CapacityError,
    EngineError,
    FatalError,
    LeftToOthersError,
    MalformedReplyError,
    NeverSentError,
    OtherEndpointError,
    OutageError,
    RateLimitError,
    RequestError,
    TransientError,
    UnclearRefusalError,
)
from engine.live.calls import Call, PaidReply
from engine.live.concurrency import Gate
from engine.live.flex import MEMBER as FLEX_MEMBER
from engine.live.flex import FlexGate, FlexPolicy, refuses_tier
from engine.live.limits import Charge
from engine.live.output_forms import find_form
from engine.live.retry import Retrier, RetryPolicy
from engine.live.routes import Route, Routes, RouteTable, is_away
from engine.live.transport import Transport
from engine.live.warm_prefixes import WarmPrefixes
from engine.stats.counters import LimitGauges, Stats
from engine.stopping import Admission
from engine.wire.content import wrapping_of
from engine.wire.endpoints import Endpoint
from engine.wire.payloads import ENLARGED, TokenEstimates, with_members
from engine.wire.prompt_cache import with_cache
from engine.wire.replies import billed_body, read_ending, read_reply
from engine.wire.usage import read_usage
from schemas.outcomes import Outcome
from schemas.requests import Json, Request
from schemas.settings import LimitSettings

REQUEST_ID_HEADER = "x-request-id"  # what OpenAI's support asks for
USUAL_TIERS = (None, "default", "", "auto")  # in replies: what the live price is for

_log = logging.getLogger(__name__)


class LiveLane:
    """Sends requests over HTTP: never faster than allowed, again when that may help.

    Called by any number of workers at once; made inside a running event loop. After a fatal
    error or an outage every further call raises the same error, while what is in flight lands.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        *,
        settings: LimitSettings,
        transport: Transport,
        clock: Clock,
        budget: Budget,
        stats: Stats,
        rng: random.Random,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._budget = budget
        self._stats = stats
        self._admission = Admission(clock)
        self._room = asyncio.Semaphore(settings.max_in_flight)
        self._gate = Gate(self._room, self._admission)
        self._max_attempts = settings.max_attempts
        policy = RetryPolicy(settings.max_attempts, settings.max_retry_s, settings.max_outage_s)
        self._rng = rng
        self._retrier = Retrier(policy, admission=self._admission, clock=clock, rng=rng)
        self._warm = WarmPrefixes(admission=self._admission, clock=clock)
        self._retries_truncated = settings.retry_truncated
        self._estimates = TokenEstimates()
        self._table = RouteTable(endpoints, settings, admission=self._admission, clock=clock)
        self._started_s: float | None = None
        stats.read_limits = self._read_limits

    async def send(self, request: Request, flex: FlexGate | None = None) -> Outcome:
        """Return how `request` ended; with `flex` it goes by that tier as long as it lets it.

        Raises:
            FatalError, OutageError: nothing can be sent any more, as every later call will say.
            TransientError: attempts or time are used up; the request stays unsettled.
            EngineError: the one that `stop_admitting` was given.
            LeftToOthersError: it had better not go by flex; nothing was paid for it.
        """
        call = Call(request, flex)
        try:
            settle = self._settle_json if call.asks_for_json else self._settle
            if request.cache is None or not request.cache.prefixes:
                outcome = await settle(call)
            else:
                prefixes = request.cache.prefixes
                outcome = await self._warm.in_turn(prefixes, partial(settle, call))
        except RequestError as error:
            outcome = call.fail(error, self._clock.utc_now())
        except MalformedReplyError as error:
            outcome = call.fail_unread(error, self._clock.utc_now())
        self._stats.count_settled(outcome)
        return outcome

    def stop_admitting(self, error: EngineError) -> None:
        """Send nothing further: all that wait raise `error`, what is in flight lands."""
        self._admission.close(error)
        self._table.wake_all()

    def make_flex_gate(
        self, model: str, policy: FlexPolicy, is_wanted: Callable[[], bool]
    ) -> FlexGate:
        """What lets requests of `model` go by flex here."""
        return FlexGate(
            model,
            policy,
            is_wanted=is_wanted,
            admission=self._admission,
            clock=self._clock,
            uniform=self._rng.uniform,
        )

    def share_room(self, other: "LiveLane") -> None:
        """Count what is in flight here and there together: the limit is the process's."""
        self._room = other._room
        self._gate = Gate(self._room, self._admission)

    def is_paced(self) -> bool:
        """Whether limits, and nothing else, hold requests back now."""
        return self._table.is_paced

    async def aclose(self) -> None:
        """Close the connections; nothing may be in flight any more."""
        for wrapping, count in self._stats.unwrapped.items():
            _log.info("replies read in spite of what was around them: %d (%s)", count, wrapping)
        await self._transport.aclose()

    async def _settle_json(self, call: Call) -> Outcome:
        """The same for a request that asks for JSON: few at once until one had its form."""
        forms = self._table.to_model(call.request.model).first.forms_of(call.request.purpose)
        if not forms.are_undecided:
            return await self._settle(call)
        async with forms.trial():
            return await self._settle(call)

    async def _settle(self, call: Call) -> Outcome:
        """The outcome of a request that was answered, by as many replies as it takes."""
        reply = await self._reply(call)
        ending = read_ending(reply.body)
        if ending == "length" and not self._retries_truncated:
            ending = "complete"
        if ending == "length" and call.request.max_output_tokens > 0:
            call.is_enlarged = True
            with suppress(EngineError):  # if there is no second reply the first one stands
                reply = await self._reply(call)
                ending = read_ending(reply.body)
        if ending == "complete" and call.is_form_watched:
            found = await find_form(call, reply, partial(self._reply, call))
            if not found.has_form:
                return call.fail_form(found.reply, self._clock.utc_now())
            reply = found.reply
        return call.end(reply, ending, self._clock.utc_now())

    async def _reply(self, call: Call) -> PaidReply:
        """A sound reply to the call as it is now, which no limit of the budget has cut off."""
        reply = await self._sound_reply(call)
        if call.is_cut_for_budget(reply):
            call.has_own_limit = True
            reply = await self._sound_reply(call)
        return reply

    async def _sound_reply(self, call: Call) -> PaidReply:
        """A sound reply to the call as it is now, by as many attempts as it takes."""
        make_attempt = self._attempt if call.flex is None else self._flex_attempt
        try:
            try:
                return await make_attempt(call)
            except TransientError as error:
                attempt = partial(make_attempt, call)
                return await self._retrier.again(attempt, call.failures, error)
        except RequestError as error:
            if not (call.is_form_refused(error) or call.is_cache_refused(error)):
                raise
        return await self._sound_reply(call)

    async def _flex_attempt(self, call: Call) -> PaidReply:
        """One attempt by flex that found capacity, or else by the usual tier.

        Raises:
            LeftToOthersError: flex is not the way, and nothing was paid for yet.
        """
        while (gate := call.flex) is not None:
            if not await self._is_admitted(call, gate):
                call.flex = None
                break
            try:
                reply = await self._attempt(call)
            except CapacityError as error:
                gate.refuse(error)
                call.flex_refusals += 1
            except RequestError as error:
                gate.release()
                self._check_tier(gate, error)
            except BaseException:
                gate.release()
                raise
            else:
                gate.serve(call.service_tier)
                call.flex_refusals = 0
                return reply
        return await self._attempt(call)

    async def _is_admitted(self, call: Call, gate: FlexGate) -> bool:
        """Whether flex is the way of an attempt; raises what `_flex_attempt` and the gate do."""
        try:
            is_admitted = await gate.admit(call.flex_refusals)
        except OutageError as error:
            self.stop_admitting(error)
            raise
        if not is_admitted and call.usage is None and not call.failures.count:
            raise LeftToOthersError("flex is not the way now", is_scarce=gate.is_scarce)
        return is_admitted

    def _check_tier(self, gate: FlexGate, error: RequestError) -> None:
        """Return where a refusal only says that flex is not served, and there are other ways.

        Raises:
            RequestError: it is about the request.
            FatalError: there is no other way.
        """
        if not refuses_tier(error):
            raise error
        if gate.is_alone:
            fatal = FatalError(
                f"flex is not served for this model ({error}); use --lane live, batch or auto"
            )
            self.stop_admitting(fatal)
            raise fatal from error
        gate.give_up(error)

    async def _attempt(self, call: Call) -> PaidReply:
        """One attempt, if the budget has room for it."""
        self._admission.check()
        enlargement = ENLARGED if call.is_enlarged else 1
        routes = self._table.to_model(call.request.model)
        route = routes.pick()
        estimate = self._estimates.estimate(call.request, is_enlarged=call.is_enlarged)
        async with self._budget.send(
            call.request, enlargement, may_be_limited=not call.has_own_limit
        ) as send:
            await route.slots.acquire()
            try:
                charge = await route.limits.take(
                    estimate, route.breaker, lambda: not routes.has_other(route)
                )
                return await self._exchange(call, route, charge, send)
            except EngineError as error:
                self._conclude(call, routes, route, error)
                raise
            finally:
                route.slots.release()

    def _conclude(self, call: Call, routes: Routes, route: Route, error: EngineError) -> None:
        """What a failed attempt means for the next one, or for all.

        Raises:
            OtherEndpointError: the endpoint is of no use any more, but there are others.
        """
        if isinstance(error, TransientError):
            self._stats.count_retry(error.code)
            if isinstance(error, OtherEndpointError):
                call.failures.restart_time(self._clock.monotonic_s())
        elif isinstance(error, FatalError | OutageError):
            if routes.remove(route):
                call.failures.restart_time(self._clock.monotonic_s())
                raise OtherEndpointError(str(error)) from error
            self.stop_admitting(error)

    async def _exchange(self, call: Call, route: Route, charge: Charge, send: Send) -> PaidReply:
        """One attempt that has been admitted: sent, read, and its consequences drawn."""
        await self._gate.enter(partial(route.withdraw, charge))
        try:
            await send.begin()
        except BaseException:
            self._gate.leave()
            route.withdraw(charge)
            raise
        sent_s = self._begin(call)
        try:
            reply = await self._send(call, route, charge, send, sent_s)
        except TransientError as error:
            self._note_failure(call, route, error, charge, sent_s)
            raise
        except RequestError:
            route.note_answer()
            raise
        except asyncio.CancelledError:
            route.breaker.abandon_probe()
            raise
        finally:
            self._gate.leave()
            call.latency_s = self._clock.monotonic_s() - sent_s
            self._stats.count_back()
        route.note_answer()
        route.refusals.note_answer()
        self._stats.latencies.add(call.latency_s)
        return reply

    async def _send(
        self, call: Call, route: Route, charge: Charge, send: Send, sent_s: float
    ) -> PaidReply:
        """The reply of one attempt, counted and paid for.

        Raises:
            TransientError, RequestError, FatalError: there is none; what was billed is paid all
                the same.
        """
        endpoint, request = route.endpoint, call.request
        payload = call.payload_for(endpoint, send.output_limit)
        if call.asks_for_json:
            payload = call.choose_form(payload, route.forms_of(request.purpose))
        if request.cache is not None and route.knows_cache:
            payload = with_cache(payload, request.cache)
            call.cached_by = route
        if call.flex is None:
            response = await self._transport.post(endpoint, request.url, payload)
        else:
            payload = with_members(payload, FLEX_MEMBER)
            response = await self._transport.post(endpoint, request.url, payload, is_slow=True)
        route.learn(response.headers, sent_s)
        try:
            body, raw = read_reply(response, request.url, endpoint, self._clock)
        except EngineError as error:
            if (billed := billed_body(response)) is not None:
                self._pay(call, route, charge, send, billed)
            if isinstance(error, UnclearRefusalError):
                is_last = call.failures.count + 1 >= self._max_attempts
                raise route.judge(request.request_id, error, is_last=is_last) from None
            raise
        self._pay(call, route, charge, send, body)
        if (wrapping := wrapping_of(body, asks_for_json=call.asks_for_json)) is not None:
            self._stats.count_unwrapped(wrapping)
        return PaidReply(body, raw, response.headers.get(REQUEST_ID_HEADER, ""))

    def _begin(self, call: Call) -> float:
        call.attempts += 1
        self._stats.count_sent()
        now_s = self._clock.monotonic_s()
        if self._started_s is None:
            self._started_s = now_s
        return now_s

    def _pay(
        self, call: Call, route: Route, charge: Charge, send: Send, body: dict[str, Json]
    ) -> None:
        """Count what a reply cost, by its tokens and by the service tier that it names."""
        counted = read_usage(body).or_at_most(send.worst_usage)
        cost_usd = self._budget.price(call.request.model, counted.usage)
        tier = body.get("service_tier")
        if tier in USUAL_TIERS:
            call.service_tier = ""
        else:
            call.service_tier = str(tier)
            cost_usd = self._budget.at_tier(cost_usd, call.service_tier)
        send.pay(cost_usd, None if counted.is_estimated else counted.usage)
        call.pay(counted, cost_usd)
        call.budget_limit = send.output_limit
        if not counted.is_estimated:
            self._estimates.learn(call.request, counted.usage)
            route.limits.settle(charge, counted.usage)

    def _note_failure(
        self, call: Call, route: Route, error: TransientError, charge: Charge, sent_s: float
    ) -> None:
        now_s = self._clock.monotonic_s()
        if isinstance(error, RateLimitError):
            self._stats.count_refused()
        is_scarce = call.flex is not None and isinstance(error, CapacityError)
        if not isinstance(error, NeverSentError) and not is_scarce:
            is_malformed = isinstance(error, MalformedReplyError)
            others = route.breaker.answer_count
            call.failures.add(now_s, others_answered=others, is_malformed=is_malformed)
        if isinstance(error, NeverSentError) or (route.breaker.is_open and is_away(error)):
            call.failures.restart_time(now_s)
        route.note_failure(call, error, charge, sent_s)

    def _read_limits(self) -> LimitGauges:
        elapsed_s = self._clock.monotonic_s() - (self._started_s or 0.0)
        return self._table.gauges(elapsed_s)
