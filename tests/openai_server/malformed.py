"""Replies that were answered and billed, and whose bytes are not what the API defines."""

from collections.abc import Callable, Mapping
from typing import Literal, get_args

import orjson

MalformedFault = Literal[
    "surrogate",
    "not_a_number",
    "long_integer",
    "deep",
    "latin_1",
    "byte_order_mark",
    "body_as_string",
    "in_a_list",
    "content_parts",
    "no_usage",
    "odd_usage",
    "half_json",
    "no_choices",
    "noise",
    "null",
    "too_large",  # for a limit of 1 MB
]
MALFORMED_FAULTS: tuple[str, ...] = get_args(MalformedFault)

# Of these nobody has anything; a client may ask for each once more.
UNREADABLE = frozenset({"half_json", "no_choices", "noise", "null", "too_large"})

_LONG = b"1" * 400
_DEEP = b"[" * 2_000 + b"]" * 2_000
_BODY_MARK = "the body stands here"


def _with_field(field: bytes) -> Callable[[bytes], bytes]:
    return lambda body: b"{" + field + b"," + body.lstrip()[1:]


def _in_content(more: bytes) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(b'"role"', b'"note":"' + more + b'","role"')


def _renamed(name: bytes, other: bytes) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(b'"%b"' % name, b'"%b"' % other)


def _as_string(body: bytes) -> bytes:
    return orjson.dumps(body.decode())


def _as_parts(body: bytes) -> bytes:
    payload = orjson.loads(body)
    for choice in payload["choices"]:
        text = choice["message"]["content"]
        choice["message"]["content"] = [{"type": "text", "text": text}]
    return orjson.dumps(payload)


_FORMS: Mapping[str, Callable[[bytes], bytes]] = {
    "surrogate": _in_content(rb"half an emoji \ud83d"),
    "not_a_number": _with_field(b'"score":NaN'),
    "long_integer": _with_field(b'"score":' + _LONG),
    "deep": _with_field(b'"more":' + _DEEP),
    "latin_1": _in_content(b"caf\xe9"),
    "byte_order_mark": lambda body: b"\xef\xbb\xbf" + body,
    "body_as_string": _as_string,
    "in_a_list": lambda body: b"[" + body + b"]",
    "content_parts": _as_parts,
    "no_usage": _renamed(b"usage", b"used"),
    "odd_usage": _renamed(b"prompt_tokens", b"prompt_tokens_of_another_kind"),
    "half_json": lambda body: body[: len(body) // 2],
    "no_choices": _renamed(b"choices", b"candidates"),
    "noise": lambda body: bytes(255 - byte for byte in body[:300]),
    "null": lambda body: b"null",
    "too_large": lambda body: body + b" " * (2 << 20),
}


def malformed(fault: str | None, body: bytes) -> bytes:
    """The body in a form that it should not have; as it is, if the fault is another."""
    form = _FORMS.get(fault or "")
    return body if form is None else form(body)


def malformed_line(fault: str | None, line: bytes) -> bytes:
    """A line of a batch's results, on one line as ever, with its body in such a form."""
    if fault not in _FORMS:
        return line
    fields = orjson.loads(line)
    body = orjson.dumps(fields["response"]["body"])
    fields["response"]["body"] = _BODY_MARK
    spoilt = malformed(fault, body).replace(b"\n", b" ")
    return orjson.dumps(fields).replace(orjson.dumps(_BODY_MARK), spoilt) + b"\n"
