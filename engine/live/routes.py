"""The ways to a model: one endpoint each, with its limits and health; which one is taken."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.clock import Clock
from engine.errors import (
    CapacityError,
    MalformedReplyError,
    NeverSentError,
    OverloadError,
    RateLimitError,
    RequestError,
    TransientError,
    UnclearRefusalError,
)
from engine.live.calls import Call
from engine.live.output_forms import OutputForms
from engine.live.pace.breaker import Breaker
from engine.live.pace.concurrency import Slots
from engine.live.pace.limits import Charge, Limits
from engine.live.pace.share import Shares, WholeAccount
from engine.live.unclear_refusals import UnclearRefusals
from engine.stats.counters import LimitGauges
from engine.stopping import Admission
from engine.wire.endpoints import Endpoint
from schemas.settings import LimitSettings

_log = logging.getLogger(__name__)

NOTHING_SERVED = (404, 405)  # statuses: until one request is answered, the address is wrong
START_IN_FLIGHT = 4  # until limits are known or replies have shown that more is well received


@dataclass(slots=True)
class Route:
    """One model at one endpoint. The breaker is the endpoint's, shared by all its models."""

    endpoint: Endpoint
    breaker: Breaker
    limits: Limits
    slots: Slots
    model: str
    forms: dict[str, OutputForms] = field(default_factory=dict)
    refusals: UnclearRefusals = field(default_factory=UnclearRefusals)
    knows_cache: bool = True

    @property
    def is_ready(self) -> bool:
        """Whether a request could go now, limits permitting."""
        return not self.breaker.is_open and not self.limits.is_paused

    @property
    def per_minute(self) -> float | None:
        """Requests that may be sent here in a minute, None as long as that is not known."""
        return self.limits.requests.units_per_minute

    def expected_wait(self, assumed_per_minute: float) -> float:
        """How long a request would wait here, compared with other routes."""
        return (self.slots.load + 1) / (self.per_minute or assumed_per_minute)

    def forms_of(self, purpose: str) -> OutputForms:
        """In which form JSON is asked for in requests of this purpose."""
        forms = self.forms.get(purpose)
        if forms is None:
            name = f"{self.endpoint.base_url} ({self.model}, {purpose})"
            forms = self.forms[purpose] = OutputForms(
                self.endpoint.output, name, self.endpoint.output_setting
            )
        return forms

    def judge(
        self, request_id: str, error: UnclearRefusalError, *, is_last: bool
    ) -> RequestError | TransientError | UnclearRefusalError:
        """What a refusal means that does not say so: for one request, for all, or not clear yet.

        `is_last`: the request will not be tried again.
        """
        nothing_yet = error.status in NOTHING_SERVED and not self.refusals.has_answered
        match self.refusals.judge(request_id, is_last=is_last or nothing_yet):
            case "one":
                return RequestError(error.words, code=error.code, status=error.status)
            case "all":
                return error
            case "open":
                return TransientError(error.words, code=error.code, status=error.status)

    def refuse_cache(self, words: str) -> None:
        """Note that the endpoint refuses the fields of the prompt cache."""
        was_known, self.knows_cache = self.knows_cache, False
        if was_known:
            _log.warning(
                "%s (%s) does not know the fields of the prompt cache (%s): they are left out; "
                "teacher.prompt_cache=off leaves them out from the start",
                *(self.endpoint.base_url, self.model, words),
            )

    def withdraw(self, charge: Charge) -> None:
        """Take back a request that was let through and is not sent after all."""
        self.limits.give_back(charge)
        self.breaker.abandon_probe()

    def learn(self, headers: Mapping[str, str], sent_s: float) -> None:
        """Follow the limits that a reply names."""
        if self.limits.learn(headers, sent_s):
            self.slots.open_up()

    def note_answer(self) -> None:
        """Note a response that is final for its request: a reply, or an error of its own."""
        self.breaker.succeed()
        self.limits.note_answer()
        self.slots.note_answer(is_bottleneck=not self.limits.are_waited_for)

    def note_reply(self) -> None:
        """Note a reply, which also tells that the model is served here."""
        self.note_answer()
        self.refusals.note_answer()

    def note_failure(
        self, call: Call, error: TransientError, charge: Charge, sent_s: float
    ) -> None:
        """Let limits, slots and breaker draw their conclusions from a failed attempt."""
        if isinstance(error, CapacityError):  # of one tier: the route itself works
            self.breaker.succeed()
            self.limits.give_back_tokens(charge)
            return
        if isinstance(error, RateLimitError):
            self.breaker.succeed()
            if not self.limits.are_known:
                self.slots.note_overload(sent_s)
            self.limits.refuse(error, charge)
            return
        if isinstance(error, NeverSentError):
            self.limits.give_back(charge)
        elif isinstance(error, OverloadError):
            self.slots.note_overload(sent_s)
        if is_away(error):
            is_suspect = call.failures.others_answered < self.breaker.answer_count
            self.breaker.fail(call.request.request_id, error, is_suspect=is_suspect)
        else:
            self.breaker.succeed()


def is_away(error: TransientError) -> bool:
    """Whether an error may mean that the server is away: no response, or an error 5xx."""
    if error.status is not None:
        return error.status >= 500
    return not isinstance(error, MalformedReplyError)


class Routes:
    """All routes to one model. With a single endpoint there is nothing to choose."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._alive = list(routes)

    def __iter__(self) -> Iterator[Route]:
        """The routes that were not given up."""
        return iter(self._alive)

    @property
    def first(self) -> Route:
        """The first that was not given up."""
        return self._alive[0]

    def pick(self) -> Route:
        """The route to take: the one to be probed, else the one with the shortest wait.

        A route whose limits are not known is taken to be as fast as the fastest that is.
        """
        if len(self._alive) == 1:
            return self._alive[0]
        for route in self._alive:
            if route.breaker.is_open and route.breaker.takes_probe:
                return route
        ready = [route for route in self._alive if route.is_ready]
        fastest = max(route.per_minute or 0.0 for route in self._alive) or 1.0
        return min(ready or self._alive, key=lambda route: route.expected_wait(fastest))

    def has_other(self, route: Route) -> bool:
        """Whether a request could go another way now."""
        return any(other.is_ready for other in self._alive if other is not route)

    def remove(self, route: Route) -> bool:
        """Give a route up for good; False, and no change, if it is the last."""
        if route in self._alive and len(self._alive) > 1:
            self._alive.remove(route)
            route.limits.give_up()
            route.slots.wake_all()
        return route not in self._alive


class RouteTable:
    """The routes to every model asked so far: limits are each model's, health the endpoint's."""

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        settings: LimitSettings,
        *,
        admission: Admission,
        clock: Clock,
    ) -> None:
        self.shares: Shares = WholeAccount()
        self._settings = settings
        self._admission = admission
        self._clock = clock
        self._breakers = {
            endpoint: Breaker(
                endpoint.base_url,
                max_outage_s=settings.max_outage_s,
                admission=admission,
                clock=clock,
            )
            for endpoint in endpoints
        }
        self._by_model: dict[str, Routes] = {}

    def to_model(self, model: str) -> Routes:
        """The routes to `model`; all models are taken to be served everywhere."""
        routes = self._by_model.get(model)
        if routes is None:
            routes = Routes([self._new_route(endpoint, model) for endpoint in self._breakers])
            self._by_model[model] = routes
        return routes

    @property
    def is_paced(self) -> bool:
        """Whether a request waits for a limit."""
        return any(
            route.limits.are_waited_for for routes in self._by_model.values() for route in routes
        )

    def wake_all(self) -> None:
        """Wake everybody who waits for a slot."""
        for route in self._all():
            route.slots.wake_all()

    def gauges(self, elapsed_s: float) -> LimitGauges:
        """The limits of all routes together, `elapsed_s` after the first request."""
        routes = self._all()
        requests = [route.limits.requests for route in routes]
        tokens = [route.limits.tokens for route in routes]
        known = [each for each in requests + tokens if each.units_per_minute]
        used_s = max((each.taken_s for each in known), default=0.0)
        return LimitGauges(
            requests_per_minute=sum(each.units_per_minute or 0.0 for each in requests) or None,
            tokens_per_minute=sum(each.units_per_minute or 0.0 for each in tokens) or None,
            max_in_flight=sum(route.slots.limit for route in routes),
            utilisation=used_s / elapsed_s if known and elapsed_s > 0.0 else None,
        )

    def _all(self) -> list[Route]:
        return [route for routes in self._by_model.values() for route in routes]

    def _new_route(self, endpoint: Endpoint, model: str) -> Route:
        settings = self._settings
        limits = Limits(
            endpoint.requests_per_minute or settings.requests_per_minute,
            endpoint.tokens_per_minute or settings.tokens_per_minute,
            burst_s=settings.burst_s,
            max_pause_s=settings.max_outage_s,
            admission=self._admission,
            clock=self._clock,
            share=self.shares.of(f"{endpoint.base_url} {model}"),
        )
        ceiling = settings.max_in_flight
        start = ceiling if limits.are_known else START_IN_FLIGHT
        return Route(
            endpoint,
            self._breakers[endpoint],
            limits,
            Slots(start, ceiling=ceiling, clock=self._clock),
            model,
        )
