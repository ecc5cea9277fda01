"""The ways to ask for JSON: by a schema that the host enforces, as any JSON, or in words alone."""

import re
from collections.abc import Mapping, Sequence

import orjson

from engine.errors import RequestError
from engine.wire.replies.content import json_object, reply_text
from schemas.requests import Json
from schemas.settings import JsonForm

JSON_FORMS: tuple[JsonForm, ...] = ("json_schema", "json_object", "prompt")  # the best first

_OURS = b'"response_format":'
_REFUSED_STATUSES = (400, 404, 415, 422, 501)
_ABOUT_FORM = re.compile(r"response_?format|json_?schema|json_?object|json mode|structured.?output")


def asks_for_json(payload: bytes) -> bool:
    """Whether a request names a form of its reply."""
    return _OURS in payload


def in_form(payload: bytes, form: JsonForm) -> bytes:
    """The body of a request that asks for JSON, at most as strictly as `form` says.

    Where the schema is not sent as such, it is written into the first message.
    """
    body = orjson.loads(payload)
    asked = body["response_format"]
    if JSON_FORMS.index(_form_of(asked)) >= JSON_FORMS.index(form):
        return payload
    if form == "json_object":
        body["response_format"] = {"type": "json_object"}
    else:
        del body["response_format"]
    body["messages"] = _with_instruction(body["messages"], _schema_of(asked))
    return orjson.dumps(body)


def forms_after(form: JsonForm | None) -> tuple[JsonForm, ...]:
    """The forms that are less strict."""
    return JSON_FORMS[JSON_FORMS.index(form) + 1 :] if form is not None else ()


def refuses_form(error: RequestError) -> bool:
    """Whether a host says that it does not know the form that was asked for."""
    return is_about_form(error.status, f"{error.code} {error}")


def is_about_form(status: int | None, words: str) -> bool:
    """Whether an error with this status, in these words, is about the form of the reply."""
    return status in _REFUSED_STATUSES and names_form(words)


def names_form(words: str) -> bool:
    """Whether what a host says is about the form of a reply."""
    return _ABOUT_FORM.search(words.lower()) is not None


def has_form(reply: dict[str, Json], payload: bytes) -> bool:
    """Whether a reply holds a JSON object with all keys that the request's schema wants."""
    return holds_names(reply, wanted_keys(orjson.loads(payload)))


def holds_names(reply: dict[str, Json], names: Sequence[str]) -> bool:
    """Whether a reply holds a JSON object with all these keys."""
    found = json_object(reply_text(reply))
    return found is not None and all(name in found for name in names)


def wanted_keys(body: Mapping[str, Json]) -> list[str]:
    """The keys that a request wants in the JSON of its reply, as far as it says so."""
    schema = _schema_of(body.get("response_format"))
    required = schema.get("required") if schema is not None else None
    return (
        [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    )


def _form_of(asked: Json) -> JsonForm:
    match asked:
        case {"type": "json_schema"}:
            return "json_schema"
        case {"type": "json_object"}:
            return "json_object"
    return "prompt"


def _schema_of(asked: Json) -> dict[str, Json] | None:
    match asked:
        case {"json_schema": {"schema": dict(schema)}}:
            return schema
    return None


def _with_instruction(messages: list[Json], schema: dict[str, Json] | None) -> list[Json]:
    """The messages, with what the reply must look like at the end of the first one.

    It stands there and not at the end, because the first message is what requests share: the
    provider's prompt cache goes on hitting.
    """
    text = "Reply with one JSON object and nothing else: no comment, no code fence."
    if schema is not None:
        text += f" It must match this JSON schema:\n{orjson.dumps(schema).decode()}"
    match messages:
        case [{"role": "system" | "developer" as role, "content": str(content)}, *rest]:
            return [{"role": role, "content": f"{content}\n\n{text}"}, *rest]
    return [{"role": "system", "content": text}, *messages]
