"""The live lane: a request in, its outcome out, at the rate that the account allows."""

import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from engine.clock import Clock
from engine.errors import (
    EngineError,
    FatalError,
    MalformedReplyError,
    OtherEndpointError,
    OutageError,
    RequestError,
    TransientError,
)
from engine.live.calls import Call, PaidReply
from engine.live.exchanges import Admitted, Exchanges
from engine.live.flex.attempts import FlexAttempts
from engine.live.flex.gate import TIER as FLEX_TIER
from engine.live.flex.gate import FlexGate, FlexPolicy
from engine.live.output_forms import find_form
from engine.live.pace.concurrency import Gate, Slots
from engine.live.pace.share import Shares
from engine.live.retry import Retrier, RetryPolicy
from engine.live.routes import Route, Routes, RouteTable
from engine.live.transport import Transport
from engine.live.warm_prefixes import WarmPrefixes
from engine.spending.budget import Budget
from engine.stats.counters import LimitGauges, Stats
from engine.stopping import Admission
from engine.wire.endpoints import Endpoint
from engine.wire.payloads import ENLARGED, TokenEstimates
from schemas.outcomes import Outcome
from schemas.requests import Request
from schemas.settings import LimitSettings

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
        most = settings.max_in_flight
        self._room = Slots(most, ceiling=most, clock=clock)
        policy = RetryPolicy(settings.max_attempts, settings.max_retry_s, settings.max_outage_s)
        self._rng = rng
        self._retrier = Retrier(policy, admission=self._admission, clock=clock, rng=rng)
        self._warm = WarmPrefixes(admission=self._admission, clock=clock)
        self._retries_truncated = settings.retry_truncated
        self._estimates = TokenEstimates()
        self._table = RouteTable(endpoints, settings, admission=self._admission, clock=clock)
        self._exchanges = Exchanges(
            transport,
            gate=Gate(self._room, self._admission),
            clock=clock,
            budget=budget,
            stats=stats,
            estimates=self._estimates,
            max_attempts=settings.max_attempts,
        )
        self._flex = FlexAttempts(self._attempt, self.stop_admitting)
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
        self._exchanges.gate = Gate(self._room, self._admission)

    def go_by(self, shares: Shares) -> None:
        """Send by these parts of the limits; called before the first request."""
        self._table.shares = shares

    def is_paced(self) -> bool:
        """Whether limits, and nothing else, hold requests back now."""
        return self._table.is_paced

    async def aclose(self) -> None:
        """Close the connections; nothing may be in flight any more."""
        for wrapping, count in self._stats.unwrapped.items():
            _log.info("replies that were wrapped in other text, and read: %d (%s)", count, wrapping)
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
        ending = reply.ending
        if ending == "length" and not self._retries_truncated:
            ending = "complete"
        if ending == "length" and call.request.max_output_tokens > 0:
            call.is_enlarged = True
            with suppress(EngineError):  # if there is no second reply the first one stands
                reply = await self._reply(call)
                ending = reply.ending
        if ending == "complete" and call.is_form_watched:
            found = await find_form(call, reply, partial(self._reply, call))
            if not found.has_form:
                return call.fail_form(found.reply, self._clock.utc_now())
            reply = found.reply
        return call.end(reply, ending, self._clock.utc_now())

    async def _reply(self, call: Call) -> PaidReply:
        """A sound reply to the call as it is now, by as many attempts as it takes.

        Not one that a limit of the budget's has cut off.
        """
        make_attempt = self._attempt if call.flex is None else self._flex.make
        while True:
            try:
                try:
                    reply = await make_attempt(call)
                except TransientError as error:
                    attempt = partial(make_attempt, call)
                    reply = await self._retrier.again(attempt, call.failures, error)
            except RequestError as error:
                if (
                    call.is_form_refused(error)
                    or call.is_cache_refused(error)
                    or call.is_limit_refused(error)
                ):
                    continue
                raise
            if not call.is_cut_for_budget(reply):
                return reply
            call.has_own_limit = True

    async def _attempt(self, call: Call) -> PaidReply:
        """One attempt, if the budget has room for it."""
        self._admission.check()
        request = call.request
        routes = self._table.to_model(request.model)
        route = routes.pick()
        limits, slots, breaker = route.limits, route.slots, route.breaker
        estimate = self._estimates.estimate(request, is_enlarged=call.is_enlarged)
        enlargement = ENLARGED if call.is_enlarged else 1
        async with self._budget.send(
            request,
            enlargement,
            may_be_limited=not call.has_own_limit,
            asked_tier=None if call.flex is None else FLEX_TIER,
        ) as send:
            if not slots.acquire_at_once():
                await slots.acquire()
            try:
                if (charge := limits.take_at_once(estimate, breaker)) is None:
                    charge = await limits.take(
                        estimate, breaker, lambda: not routes.has_other(route)
                    )
                return await self._exchanges.make(Admitted(call, route, charge, send))
            except EngineError as error:
                self._conclude(call, routes, route, error)
                raise
            finally:
                slots.release()

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

    def _read_limits(self) -> LimitGauges:
        elapsed_s = self._clock.monotonic_s() - (self._exchanges.started_s or 0.0)
        return self._table.gauges(elapsed_s)
