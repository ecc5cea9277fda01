"""One chat call whose reply is a JSON object of a given shape."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, TypeVar

import orjson
from pydantic import ValidationError

from engine.servers import OWN_SERVER
from engine.wire.lenient_json import NotJsonError, dump_json, parse_json
from engine.wire.prompt_cache import CacheRules, cache_rules, lay_out
from engine.wire.replies.content import json_text, reply_text
from engine.wire.tokens import MESSAGE_OVERHEAD_TOKENS, count_tokens
from jobs.prompts import read_prompt
from schemas.outcomes import Completed
from schemas.parameters import NO_PARAMETERS
from schemas.record import Value, content_id
from schemas.requests import (
    CHAT_COMPLETIONS,
    CacheLayout,
    Json,
    Manner,
    Prefix,
    Request,
    make_request,
)
from schemas.settings import AnswerSettings, JudgeSettings, QuestionSettings, RunSettings

Shape = TypeVar("Shape", bound=Value)


class ChatCall(NamedTuple):
    """Who is asked about which item, for what; `ordinal` is which call of the item it is.

    `cache` is how the prompt is laid out for the provider's prompt cache. Of the user's message the
    first `shared_chars` are those of other prompts about `chunk_id`.
    """

    item_id: str
    purpose: str
    model: str
    ordinal: int = 0
    server: str = OWN_SERVER
    parameters: Mapping[str, Json] = NO_PARAMETERS
    cache: CacheRules = CacheRules()
    chunk_id: str = ""
    shared_chars: int = 0


def call_teacher(
    settings: RunSettings,
    item_id: str,
    purpose: str,
    *,
    chunk_id: str,
    ordinal: int = 0,
    shared_chars: int = 0,
) -> ChatCall:
    """A call of the teacher, with the parameters and the layout that its settings name."""
    teacher = settings.teacher
    rules = CacheRules()
    if not teacher.is_local:
        rules = cache_rules(
            teacher.prompt_cache,
            base_url=settings.endpoints[0].base_url if settings.endpoints else teacher.base_url,
            model=teacher.model,
            prices=settings.prices,
            parameters=teacher.parameters,
            requests_per_minute=settings.limits.requests_per_minute,
        )
    return ChatCall(
        item_id,
        purpose,
        teacher.model,
        ordinal,
        parameters=teacher.parameters,
        cache=rules,
        chunk_id=chunk_id,
        shared_chars=shared_chars,
    )


def instructions(stem: str, settings: RunSettings) -> str:
    """The system message of a kind of call, in the words of the teacher's profile."""
    is_concise = settings.teacher.prompt_profile == "concise"
    return read_prompt(f"{stem}_concise.md" if is_concise else f"{stem}.md")


def make_structured_request(
    call: ChatCall,
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
    schema_text = orjson.dumps(reply_schema).decode()
    shared_tokens = _count_once(schema_text) + _count_once(system)
    layout = _lay_out(call, schema_text, system, user, shared_tokens)
    return make_request(
        call.item_id,
        call.ordinal,
        url=CHAT_COMPLETIONS,
        body=body,
        purpose=call.purpose,
        prompt_tokens=shared_tokens + count_tokens(user) + 3 * MESSAGE_OVERHEAD_TOKENS,
        manner=Manner(call.server, call.parameters, layout),
    )


def _lay_out(
    call: ChatCall, schema_text: str, system: str, user: str, shared_tokens: int
) -> CacheLayout | None:
    """What of the prompt other prompts share: the system message, and where told, the chunk."""
    if call.cache.mode == "off":
        return None
    family = _hash_once(call.model, schema_text, system)
    prefixes = [Prefix(family, 0, len(system), shared_tokens)]
    if call.shared_chars:
        text = user[: call.shared_chars]
        tokens = shared_tokens + count_tokens(text)
        prefixes.append(Prefix(content_id(family, text), 1, call.shared_chars, tokens))
    return lay_out(call.cache, prefixes, family=family, group_id=call.chunk_id)


@lru_cache(maxsize=64)
def _hash_once(*parts: str) -> str:
    return content_id("prefix", *parts)


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
