"""One chat call whose reply is a JSON object of a given shape."""

from functools import lru_cache
from typing import NamedTuple, TypeVar

import orjson
from pydantic import ValidationError

from engine.servers import OWN_SERVER
from engine.wire.content import json_text, reply_text
from engine.wire.lenient_json import NotJsonError, dump_json, parse_json
from engine.wire.tokens import MESSAGE_OVERHEAD_TOKENS, count_tokens
from schemas.outcomes import Completed
from schemas.record import Value
from schemas.requests import CHAT_COMPLETIONS, Json, Request, make_request
from schemas.settings import AnswerSettings, JudgeSettings, QuestionSettings

Shape = TypeVar("Shape", bound=Value)


class Call(NamedTuple):
    """Who is asked about which item, for what; `ordinal` is which call of the item it is."""

    item_id: str
    purpose: str
    model: str
    ordinal: int = 0
    server: str = OWN_SERVER


def make_structured_request(
    call: Call,
    *,
    system: str,
    user: str,
    reply_schema: dict[str, Json],
    settings: QuestionSettings | AnswerSettings | JudgeSettings,
) -> Request:
    """The request of a call. What all items share, schema and system message, comes first.

    A temperature of None is not sent: reasoning models reject the parameter.
    """
    body: dict[str, Json] = {
        "model": call.model,
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": user},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": call.purpose, "strict": True, "schema": reply_schema},
        },
        "max_completion_tokens": settings.max_output_tokens,
    }
    if settings.temperature is not None:
        body["temperature"] = settings.temperature
    shared_tokens = _count_once(orjson.dumps(reply_schema).decode()) + _count_once(system)
    return make_request(
        call.item_id,
        call.ordinal,
        url=CHAT_COMPLETIONS,
        body=body,
        purpose=call.purpose,
        prompt_tokens=shared_tokens + count_tokens(user) + 3 * MESSAGE_OVERHEAD_TOKENS,
        server=call.server,
    )


@lru_cache(maxsize=64)
def _count_once(text: str) -> int:
    """The tokens of a text that many prompts share."""
    return count_tokens(text)


def parse_reply(completed: Completed, shape: type[Shape]) -> Shape | None:
    """The JSON in a reply as a record; None if it is anything but exactly that shape.

    What models wrap around it is left out: reasoning, a ``` fence, words before and after.
    """
    text = json_text(reply_text(completed.reply))
    try:
        return shape.model_validate_json(text, strict=True)
    except ValidationError:
        pass
    try:  # what only the lenient reader takes, such as half of a surrogate pair
        return shape.model_validate_json(dump_json(parse_json(text.encode())), strict=True)
    except (ValidationError, NotJsonError):
        return None


def sentence_numbers(sentence_count: int, *, min_items: int, max_items: int) -> dict[str, Json]:
    """The schema of a list of sentence numbers.

    The upper bound is rounded up to a power of two: the schema is part of the prompt's prefix,
    and with a few bounds instead of one a chunk the provider's prompt cache keeps hitting.
    """
    highest = max(32, 1 << (sentence_count - 1).bit_length())
    return {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": highest},
        "minItems": min_items,
        "maxItems": max_items,
    }
