"""What can go wrong on purpose, and which call it happens to."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from tests.openai_server.errors import ApiError
from tests.openai_server.malformed import MalformedFault

if TYPE_CHECKING:
    from tests.openai_server.config import Faults

ErrorFault = Literal[
    "rate_limit_exceeded",
    "rate_limit_without_retry_after",
    "rate_limit_with_date",
    "rate_limit_per_day",
    "request_too_large",
    "slow_down",
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "server_error",
    "bad_gateway",
    "server_is_overloaded",
    "gateway_timeout",
    "request_timeout",
    "conflict",
    "invalid_api_key",
    "permission_denied",
    "model_not_found",
    "context_length_exceeded",
    "invalid_request",
    "unprocessable",
]
WireFault = Literal[
    "reset_before",  # the connection is reset, nothing was done: not billed
    "reset_after",  # the answer was made and billed, then the connection is reset: lost
    "cut_off",  # half of the announced body, then the connection closes: billed, lost
    "hang",  # the answer comes `hang_s` later; billed also when nobody waits any more
    "html",  # a gateway's page with status 200: not billed
    "empty",  # status 200 without a body: not billed
    "list",  # status 200 with JSON of another type: not billed
]
ReplyFault = Literal["length", "refusal", "content_filter"]  # status 200, billed
Fault = ErrorFault | WireFault | ReplyFault | MalformedFault

UNBILLED_PAGES: dict[Fault, tuple[str, bytes]] = {
    "html": ("text/html", b"<html><body><h1>One moment</h1></body></html>\n"),
    "empty": ("application/json", b""),
    "list": ("application/json", b'[{"object": "chat.completion"}]\n'),
}


class _Row(NamedTuple):
    status: int
    code: str | None
    kind: str
    message: str


_MONEY = "You exceeded your current quota, please check your plan and billing details."
_ERRORS: Mapping[Fault, _Row] = {
    "rate_limit_exceeded": _Row(
        429, "rate_limit_exceeded", "requests", "Rate limit reached on requests per min (RPM)."
    ),
    "rate_limit_without_retry_after": _Row(
        429, "rate_limit_exceeded", "tokens", "Rate limit reached on tokens per min (TPM)."
    ),
    "rate_limit_with_date": _Row(
        429, "rate_limit_exceeded", "requests", "Rate limit reached on requests per min (RPM)."
    ),
    "rate_limit_per_day": _Row(
        429, "rate_limit_exceeded", "requests", "Rate limit reached on requests per day (RPD)."
    ),
    "request_too_large": _Row(
        429,
        "rate_limit_exceeded",
        "tokens",
        "Request too large on tokens per min (TPM): Limit 1000, Requested 2000. "
        "The input or output tokens must be reduced in order to run successfully.",
    ),
    "slow_down": _Row(429, "slow_down", "requests", "Your traffic grew too fast. Slow down."),
    "insufficient_quota": _Row(429, "insufficient_quota", "insufficient_quota", _MONEY),
    "credit_balance_exhausted": _Row(429, "credit_balance_exhausted", "billing_error", _MONEY),
    "organization_spend_limit_exceeded": _Row(
        429, "organization_spend_limit_exceeded", "billing_error", _MONEY
    ),
    "project_spend_limit_exceeded": _Row(
        429, "project_spend_limit_exceeded", "billing_error", _MONEY
    ),
    "organization_usage_limit_exceeded": _Row(
        429, "organization_usage_limit_exceeded", "billing_error", _MONEY
    ),
    "server_error": _Row(500, None, "server_error", "The server had an error. Sorry about that!"),
    "bad_gateway": _Row(502, None, "server_error", "Bad gateway."),
    "server_is_overloaded": _Row(
        503, "server_is_overloaded", "service_unavailable_error", "The server is overloaded."
    ),
    "gateway_timeout": _Row(504, None, "server_error", "Gateway timeout."),
    "request_timeout": _Row(408, None, "timeout", "Request timed out."),
    "conflict": _Row(409, None, "conflict", "The request conflicts with another one."),
    "invalid_api_key": _Row(
        401, "invalid_api_key", "invalid_request_error", "Incorrect API key provided."
    ),
    "permission_denied": _Row(
        403, None, "invalid_request_error", "You have insufficient permissions for this operation."
    ),
    "model_not_found": _Row(
        404, "model_not_found", "invalid_request_error", "The model does not exist."
    ),
    "context_length_exceeded": _Row(
        400,
        "context_length_exceeded",
        "invalid_request_error",
        "This model's maximum context length is exceeded by your messages.",
    ),
    "invalid_request": _Row(400, "invalid_value", "invalid_request_error", "Invalid value."),
    "unprocessable": _Row(422, None, "invalid_request_error", "Unprocessable entity."),
}
_WITH_RETRY_AFTER = ("rate_limit_exceeded", "rate_limit_per_day", "slow_down")


class FaultPlan:
    """Decides by call number, else by one seeded draw a call, in order of arrival."""

    def __init__(self, faults: "Faults") -> None:
        self._faults = faults
        self._random = random.Random(faults.seed)

    @property
    def hang_s(self) -> float:
        """How long a hanging call hangs."""
        return self._faults.hang_s

    def choose(self, call_number: int) -> Fault | None:
        """The fault of this call. Probabilities that add up to more than 1 are cut off at 1."""
        if (fault := self._faults.calls.get(call_number)) is not None:
            return fault
        if not self._faults.probabilities:
            return None
        draw = self._random.random()
        for fault, probability in self._faults.probabilities.items():
            draw -= probability
            if draw < 0:
                return fault
        return None

    def raise_error(self, fault: Fault | None) -> None:
        """Raise the ApiError that `fault` is; return if it is none."""
        if fault is None or (row := _ERRORS.get(fault)) is None:
            return
        headers = retry_after(self._faults.retry_after_s) if fault in _WITH_RETRY_AFTER else {}
        if fault == "rate_limit_with_date":
            moment = datetime.now(UTC) + timedelta(seconds=self._faults.retry_after_s)
            headers = {"Retry-After": format_datetime(moment, usegmt=True)}
        raise ApiError(row.status, row.code, row.message, kind=row.kind, headers=headers)


def retry_after(seconds: float) -> dict[str, str]:
    """The two headers that name a minimum wait: milliseconds, and whole seconds rounded up."""
    milliseconds = max(1, -int(-seconds * 1000 // 1))
    return {"Retry-After-Ms": str(milliseconds), "Retry-After": str(-(-milliseconds // 1000))}
