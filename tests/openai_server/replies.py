"""What a model says: the reply record, and the default responder, deterministic in the request."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from schemas.parameters import WAY_NAMES
from tests.openai_server.paid.schema_instances import SchemaInstances
from tests.openai_server.paid.texts import source_of, statement

Body = Mapping[str, Any]
FinishReason = Literal["stop", "length", "content_filter", "tool_calls"]


@dataclass(frozen=True, slots=True)
class Reply:
    """One choice of a chat completion. None for a count: taken from the texts (characters/4)."""

    content: str | None
    refusal: str | None = None
    finish_reason: FinishReason = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None


FLAGS = ("noncommittal", "verdict")

Responder = Callable[[dict[str, Any], int], Reply]
"""Body and call number (1-based) to a reply. With `n` above 1 it is called once a choice, and
from the second on the body has a `choice` index, so that choices differ."""


def default_reply(body: dict[str, Any], call_number: int) -> Reply:
    """An instance of the request's JSON schema if it has one, else a sentence.

    A function of what is asked alone: sent again, by whatever way, it gets the same words.
    """
    uniform = random.Random(orjson.dumps(_asked(body), option=orjson.OPT_SORT_KEYS))
    source = source_of(last_user_text(body), uniform)
    schema = json_schema(body)
    if schema is not None:
        return Reply(orjson.dumps(SchemaInstances(schema, source, uniform).make()).decode())
    if (body.get("response_format") or {}).get("type") == "json_object":
        return Reply(orjson.dumps({"text": statement(source.focus(), uniform)}).decode())
    return Reply(statement(source.focus(), uniform))


def reply_with_flags(body: dict[str, Any], call_number: int) -> Reply:
    """As `default_reply`, but 1 or 0 where ragas wants it and its schemas take any integer."""
    reply = default_reply(body, call_number)
    if json_schema(body) is None:
        return reply
    assert reply.content is not None
    return replace(reply, content=orjson.dumps(_with_flags(orjson.loads(reply.content))).decode())


def _with_flags(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_flags(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: each % 2 if name in FLAGS and isinstance(each, int) else _with_flags(each)
        for name, each in value.items()
    }


def _asked(body: Body) -> Body:
    """A body without what changes only its way, and with the texts of messages in one part."""
    messages = [{**message, "content": message_text(message)} for message in body["messages"]]
    asked = {name: value for name, value in body.items() if name not in WAY_NAMES}
    return {**asked, "messages": messages}


def json_schema(body: Body) -> Mapping[str, Any] | None:
    """The schema of a structured output, None where none is asked for."""
    response_format = body.get("response_format") or {}
    if response_format.get("type") != "json_schema":
        return None
    schema: Mapping[str, Any] | None = (response_format.get("json_schema") or {}).get("schema")
    return schema


def last_user_text(body: Body) -> str:
    """The text of the last message of the user."""
    for message in reversed(body["messages"]):
        if message.get("role") == "user":
            return message_text(message)
    return ""


def message_text(message: Mapping[str, Any]) -> str:
    """A message's text; the text parts of one that comes in parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)
