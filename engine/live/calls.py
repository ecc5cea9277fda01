"""One request on its way through the live lane, and the outcome it ends with."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from engine.errors import MALFORMED_OUTPUT, MalformedReplyError, RequestError
from engine.live.flex.gate import FlexGate
from engine.live.output_forms import OutputForms
from engine.live.retry import Failures
from engine.wire.endpoints import Endpoint
from engine.wire.json_forms import JSON_FORMS, asks_for_json, in_form, refuses_form
from engine.wire.payloads import LIMIT_NAMES, wire_payload
from engine.wire.prompt_cache import refuses_cache
from engine.wire.replies.content import reply_text
from engine.wire.replies.responses import Ending, read_ending, useless_reply
from engine.wire.replies.usage import CountedUsage
from schemas.outcomes import Completed, Failed, LaneName, Outcome, Usage
from schemas.requests import Json, Request
from schemas.settings import JsonForm

if TYPE_CHECKING:
    from engine.live.routes import Route


class PaidReply(NamedTuple):
    """A sound reply that was paid for, with the server's name for it."""

    body: dict[str, Json]
    raw: bytes
    is_plain: bool
    server_request_id: str

    @property
    def ending(self) -> Ending:
        """How it ended."""
        return "complete" if self.is_plain else read_ending(self.body)


class Call:
    """A request, what its attempts cost together, and how often it failed.

    `forms` and `form` are those of its last attempt; with `wanted_form` it is asked in that form
    whatever is usual there. `cached_by` is the route that got its last attempt with the fields of
    the prompt cache. `flex` is what lets it go by flex; None: it goes by the usual tier.
    `budget_limit` is the output limit that its last attempt had for the budget's sake; with
    `has_own_limit` none may have one, `has_added_limit` says that the request itself names none.
    What most calls never change stands with the class.
    """

    flex_refusals: int = 0
    attempts: int = 0
    is_enlarged: bool = False
    cached_by: "Route | None" = None
    has_own_limit: bool = False
    budget_limit: int | None = None
    has_added_limit: bool = False
    last_counted: CountedUsage | None = None
    forms: OutputForms | None = None
    form: JsonForm | None = None
    wanted_form: JsonForm | None = None
    latency_s: float = 0.0
    usage: Usage | None = None
    is_estimated: bool = False
    cost_usd: float | None = None
    service_tier: str = ""

    def __init__(self, request: Request, flex: FlexGate | None = None) -> None:
        self.request = request
        self.flex = flex
        self.failures = Failures()
        self.asks_for_json = asks_for_json(request.payload)

    @property
    def lane(self) -> LaneName:
        """The way of its last attempt."""
        return "live" if self.flex is None else "flex"

    def pay(self, counted: CountedUsage, cost_usd: float | None) -> None:
        """Add what one answered attempt cost; one unknown price makes the sum unknown."""
        usage, self.last_counted = counted.usage, counted
        if counted.is_estimated:
            self.is_estimated = True
        if self.usage is None:
            self.usage, self.cost_usd = usage, cost_usd
            return
        self.usage = Usage(
            self.usage.prompt_tokens + usage.prompt_tokens,
            self.usage.completion_tokens + usage.completion_tokens,
            self.usage.cached_tokens + usage.cached_tokens,
            self.usage.cache_write_tokens + usage.cache_write_tokens,
        )
        known = self.cost_usd is not None and cost_usd is not None
        self.cost_usd = (self.cost_usd or 0.0) + (cost_usd or 0.0) if known else None

    def is_cut_for_budget(self, reply: PaidReply) -> bool:
        """Whether a limit of the budget's, and not its own, cut off the last reply.

        Not every host says so; but then the reply is as long as the limit.
        """
        limit, counted = self.budget_limit, self.last_counted
        if limit is None or counted is None:
            return False
        is_full = counted.is_estimated or counted.usage.completion_tokens >= limit
        return is_full or reply.ending == "length"

    def end(self, reply: PaidReply, ending: Ending, settled_at: datetime) -> Outcome:
        """The outcome of an answered request."""
        request = self.request
        if ending != "complete":
            why = useless_reply(ending, reply.body, request.purpose)
            return self._failed(*why, 200, settled_at, reply.body)
        return Completed(
            request_id=request.request_id,
            model=request.model,
            purpose=request.purpose,
            lane=self.lane,
            attempts=self.attempts,
            usage=self.usage or Usage(),
            cost_usd=self.cost_usd,
            latency_s=self.latency_s,
            settled_at=settled_at.isoformat(),
            reply=reply.body,
            raw=reply.raw,
            server_request_id=reply.server_request_id,
            is_estimated=self.is_estimated,
            service_tier=self.service_tier,
        )

    def fail(self, error: RequestError, settled_at: datetime) -> Failed:
        """The outcome of a request that can never be answered."""
        return self._failed(error.code, str(error), error.status, settled_at, None)

    def fail_unread(self, error: MalformedReplyError, settled_at: datetime) -> Failed:
        """The outcome of a request whose replies are unreadable; the last one is kept."""
        failed = self._failed(error.code, str(error), 200, settled_at, error.reply)
        return failed if error.reply is not None else replace(failed, raw=error.raw)

    def fail_form(self, reply: PaidReply, settled_at: datetime) -> Failed:
        """The outcome of a request whose reply is not the JSON that was asked for, in any form."""
        what = "holds no JSON object of the form that was asked for"
        if not reply_text(reply.body).strip():
            what = "is empty"
        return self._failed(MALFORMED_OUTPUT, f"the reply {what}", 200, settled_at, reply.body)

    def payload_for(self, endpoint: Endpoint, output_limit: int | None) -> bytes:
        """The body to send to an endpoint, with its own output limit or a smaller one."""
        if output_limit is not None and not self.request.max_output_tokens:
            self.has_added_limit = True
        name = endpoint.output_limit_name
        return wire_payload(self.request, name, self.is_enlarged, output_limit)

    def choose_form(self, payload: bytes, forms: OutputForms) -> bytes:
        """The body to send to a route that takes these forms."""
        form = self.wanted_form or forms.current
        self.forms, self.form = forms, form
        if form in (None, JSON_FORMS[0]):
            return payload
        return in_form(payload, form)

    @property
    def is_form_watched(self) -> bool:
        """Whether it is still to be seen that the last reply has the form that was asked for."""
        forms = self.forms
        return forms is not None and forms.are_watched

    def is_cache_refused(self, error: RequestError) -> bool:
        """Whether the host knows no prompt cache, so that it is to be asked without."""
        route, self.cached_by = self.cached_by, None
        if route is None or not refuses_cache(error):
            return False
        route.refuse_cache(str(error))
        return True

    def is_limit_refused(self, error: RequestError) -> bool:
        """Whether the host refuses an output limit that was added, so it is asked without."""
        was_added, self.has_added_limit = self.has_added_limit, False
        words = f"{error.code} {error}"
        if not was_added or not any(name in words for name in LIMIT_NAMES):
            return False
        self.has_own_limit = True
        return True

    def is_form_refused(self, error: RequestError) -> bool:
        """Whether the host knows no such form, and there is another to ask in."""
        if self.wanted_form or self.forms is None or self.form is None:
            return False
        if not refuses_form(error):
            return False
        return self.forms.refuse(self.form, str(error))

    def _failed(
        self,
        code: str,
        message: str,
        status: int | None,
        settled_at: datetime,
        body: dict[str, Json] | None,
    ) -> Failed:
        request = self.request
        return Failed(
            request_id=request.request_id,
            model=request.model,
            purpose=request.purpose,
            lane=self.lane,
            attempts=self.attempts,
            usage=self.usage or Usage(),
            cost_usd=self.cost_usd if self.usage else 0.0,
            latency_s=self.latency_s,
            settled_at=settled_at.isoformat(),
            code=code,
            message=message,
            status=status,
            reply=body,
            is_estimated=self.is_estimated,
            service_tier=self.service_tier,
        )
