"""What is put on the wire for a request, and how many tokens it will count as."""

from typing import NamedTuple

import orjson

from engine.wire.endpoints import OutputLimitName
from schemas.outcomes import Usage
from schemas.requests import CHAT_COMPLETIONS, Request

ENLARGED = 2  # times the output limit, once, after an answer was cut off by it
LIMIT_NAMES: tuple[OutputLimitName, ...] = ("max_completion_tokens", "max_tokens")
CHARS_PER_TOKEN = 4  # by which the provider counts a prompt before it reads it (OpenAI guide)
REPLIES_TO_LEARN = 10
OUTPUT_MARGIN = 1.25

_OURS = b'"max_completion_tokens":'  # the name in Request.payload


def wire_payload(
    request: Request,
    name: OutputLimitName,
    is_enlarged: bool,
    output_limit: int | None = None,
) -> bytes:
    """The body to send: as it is, unless the output limit has another name or is another.

    `output_limit` stands for the request's own, or is added where it has none. What changes only
    the request's way is added at its end.
    """
    has_own_limit = output_limit is None and not is_enlarged
    if has_own_limit and (name == LIMIT_NAMES[0] or _OURS not in request.payload):
        return with_members(request.payload, request.way) if request.way else request.payload
    body = orjson.loads(request.payload)
    own_name = next((known for known in LIMIT_NAMES if body.get(known)), name)
    if (limit := body.pop(own_name, None)) is not None:
        name = name if own_name == LIMIT_NAMES[0] else own_name
        body[name] = output_limit or (limit * ENLARGED if is_enlarged else limit)
    elif output_limit is not None:
        body[name] = output_limit
    return with_members(orjson.dumps(body), request.way)


def with_output_limit(payload: bytes, output_limit: int) -> bytes:
    """A body that has an output limit, with another one."""
    body = orjson.loads(payload)
    body[next(name for name in LIMIT_NAMES if body.get(name))] = output_limit
    return orjson.dumps(body)


def with_members(payload: bytes, members: bytes) -> bytes:
    """A body that is a JSON object with something in it, and more members at its end."""
    return b"%b,%b}" % (payload[:-1], members) if members else payload


class TokenCount(NamedTuple):
    """The tokens that a request may count as, and how many of them it may write."""

    tokens: int
    output_tokens: int


class TokenEstimates:
    """How many tokens a request counts as before it is answered.

    The provider counts the prompt and all that may be written. Where a request names no output
    limit, the mean output of its purpose stands in, once enough replies were seen.
    """

    def __init__(self) -> None:
        self._outputs: dict[str, tuple[int, int]] = {}

    def estimate(self, request: Request, *, is_enlarged: bool) -> TokenCount:
        """The larger of the provider's two ways to count."""
        output_tokens = request.max_output_tokens * (ENLARGED if is_enlarged else 1)
        if output_tokens == 0 and request.url == CHAT_COMPLETIONS:
            output_tokens = self._learnt_output(request.purpose)
        by_chars = len(request.payload) // CHARS_PER_TOKEN
        tokens = max(1, request.prompt_tokens + output_tokens, by_chars)
        return TokenCount(tokens, output_tokens)

    def learn(self, request: Request, usage: Usage) -> None:
        """Note how much was written for a request without an output limit."""
        if request.max_output_tokens == 0 and usage.completion_tokens:
            count, total = self._outputs.get(request.purpose, (0, 0))
            self._outputs[request.purpose] = (count + 1, total + usage.completion_tokens)

    def _learnt_output(self, purpose: str) -> int:
        count, total = self._outputs.get(purpose, (0, 0))
        return int(OUTPUT_MARGIN * total / count) if count >= REPLIES_TO_LEARN else 0
