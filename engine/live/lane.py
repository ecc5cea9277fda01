"""The live lane: a request in, its outcome out, at the rate that the account allows."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from engine.budget import Budget, Send
from engine.clock import Clock
from engine.errors import (
    EngineError,
    FatalError,
    OutageError,
    RateLimitError,
    RequestError,
    TransientError,
)
from engine.live.breaker import SET_ASIDE
from engine.live.calls import Call, Reply
from engine.live.limits import Charge
from engine.live.retry import Retrier, RetryPolicy
from engine.live.routes import Route, RouteTable
from engine.live.transport import NEVER_SENT, Transport
from engine.stats import LimitGauges, Stats
from engine.stopping import Admission
from engine.wire.endpoints import Endpoint
from engine.wire.payloads import ENLARGED, TokenEstimates, wire_payload
from engine.wire.replies import on_one_line, read_ending, read_reply
from engine.wire.usage import CountedUsage, read_usage
from schemas.outcomes import Outcome
from schemas.requests import Request
from schemas.settings import LimitSettings

REQUEST_ID_HEADER = "x-request-id"  # what OpenAI's support asks for


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
        policy = RetryPolicy(settings.max_attempts, settings.max_retry_s)
        self._retrier = Retrier(policy, admission=self._admission, clock=clock, rng=rng)
        self._retries_truncated = settings.retry_truncated
        self._estimates = TokenEstimates()
        self._table = RouteTable(endpoints, settings, admission=self._admission, clock=clock)
        self._started_s: float | None = None
        stats.read_limits = self._read_limits

    async def send(self, request: Request) -> Outcome:
        """Return how `request` ended.

        Raises:
            FatalError, OutageError: nothing can be sent any more, as every later call will say.
            TransientError: attempts or time are used up; the request stays unsettled.
            EngineError: the one that `stop_admitting` was given.
        """
        call = Call(request)
        try:
            reply = await self._reply(call)
            ending = read_ending(reply.body)
            if ending == "length" and request.max_output_tokens > 0 and self._retries_truncated:
                call.is_enlarged = True
                with suppress(EngineError):  # whatever keeps it from us: the paid reply stands
                    reply = await self._reply(call)
                    ending = read_ending(reply.body)
            if ending == "length" and not self._retries_truncated:
                ending = "complete"
            outcome = call.end(reply, ending, self._clock.utc_now())
        except RequestError as error:
            outcome = call.fail(error, self._clock.utc_now())
        self._stats.count_settled(outcome)
        return outcome

    def stop_admitting(self, error: EngineError) -> None:
        """Send nothing further: all that wait raise `error`, what is in flight lands."""
        self._admission.close(error)
        self._table.wake_all()

    async def aclose(self) -> None:
        """Close the connections; nothing may be in flight any more."""
        await self._transport.aclose()

    async def _reply(self, call: Call) -> Reply:
        """A sound reply to the call as it is now, by as many attempts as it takes."""
        try:
            return await self._attempt(call)
        except TransientError as error:
            return await self._retrier.again(partial(self._attempt, call), call.failures, error)

    async def _attempt(self, call: Call) -> Reply:
        """One attempt, if the budget has room for it."""
        self._admission.check()
        enlargement = ENLARGED if call.is_enlarged else 1
        async with self._budget.send(call.request, enlargement) as send:
            return await self._attempt_within(send, call)

    async def _attempt_within(self, send: Send, call: Call) -> Reply:
        routes = self._table.to_model(call.request.model)
        route = routes.pick()
        estimate = self._estimates.estimate(call.request, is_enlarged=call.is_enlarged)
        await route.slots.acquire()
        try:
            charge = await route.limits.take(
                estimate, route.breaker, lambda: not routes.has_other(route)
            )
            return await self._exchange(call, route, charge, send)
        except TransientError as error:
            self._stats.count_retry(error.code)
            if error.code == SET_ASIDE:
                call.failures.excuse(self._clock.monotonic_s())
            raise
        except (FatalError, OutageError) as error:
            if routes.remove(route):
                call.failures.excuse(self._clock.monotonic_s())
                raise TransientError(str(error), code=SET_ASIDE) from error
            self.stop_admitting(error)
            raise
        finally:
            route.slots.release()

    async def _exchange(self, call: Call, route: Route, charge: Charge, send: Send) -> Reply:
        """One attempt that has been admitted: sent, read, and its consequences drawn."""
        await send.begin()
        sent_s = self._begin(call)
        endpoint, request = route.endpoint, call.request
        try:
            payload = wire_payload(request, endpoint.output_limit_name, call.is_enlarged)
            answer = await self._transport.post(endpoint, request.url, payload)
            route.learn(answer.headers, sent_s)
            body = read_reply(answer, request.url, endpoint, self._clock)
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
            call.latency_s = self._clock.monotonic_s() - sent_s
            self._stats.count_back()
        route.note_answer()
        counted = read_usage(body).or_at_most(send.worst_usage)
        self._pay(call, route, charge, send, counted)
        return Reply(body, on_one_line(answer.body), answer.headers.get(REQUEST_ID_HEADER, ""))

    def _begin(self, call: Call) -> float:
        call.attempts += 1
        self._stats.count_sent()
        now_s = self._clock.monotonic_s()
        if self._started_s is None:
            self._started_s = now_s
        return now_s

    def _pay(
        self, call: Call, route: Route, charge: Charge, send: Send, counted: CountedUsage
    ) -> None:
        self._stats.latencies.add(call.latency_s)
        cost_usd = self._budget.price(call.request.model, counted.usage)
        send.pay(cost_usd)
        call.pay(counted, cost_usd)
        if not counted.is_estimated:
            self._estimates.learn(call.request, counted.usage)
            route.limits.settle(charge, counted.usage)

    def _note_failure(
        self, call: Call, route: Route, error: TransientError, charge: Charge, sent_s: float
    ) -> None:
        now_s = self._clock.monotonic_s()
        if isinstance(error, RateLimitError):
            self._stats.count_refused()
        if route.breaker.is_open or error.code == NEVER_SENT:
            call.failures.excuse(now_s)
        else:
            call.failures.add(now_s)
        route.note_failure(call.request.request_id, error, charge, sent_s)

    def _read_limits(self) -> LimitGauges:
        elapsed_s = self._clock.monotonic_s() - (self._started_s or 0.0)
        return self._table.gauges(elapsed_s)
