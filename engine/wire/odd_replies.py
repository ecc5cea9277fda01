"""Replies in a shape near the API's, brought into it: streams of events, choices of other kinds."""

import re
from collections import defaultdict
from collections.abc import Iterator

from engine.wire.lenient_json import NotJsonError, parse_json
from schemas.requests import Json

_FIELD = re.compile(rb"^data:[ ]?(.*)$", re.MULTILINE)
_COMMENTS = re.compile(rb"\A(?:\s*:[^\n]*\n)+")  # they keep a connection alive
_DONE = b"[DONE]"


def read_events(body: bytes) -> Json:
    """The reply that a stream of server-sent events comes to, which nobody asked for.

    None: it is no such stream, or does not end as one does.
    """
    if (whole := _after_comments(body)) is not None:
        return whole
    stream = _Stream()
    for event in _events(body):
        for choice in _choices(event):  # one: no stream was asked for, so no more choices either
            if not isinstance(choice.get("delta"), dict):
                return event  # a whole reply in one event, or an error
            stream.take(choice)
        stream.fields |= {
            name: value for name, value in event.items() if value and name != "choices"
        }
    return stream.reply(is_done=_DONE in body)


class _Stream:
    """The pieces of a reply."""

    def __init__(self) -> None:
        self.fields: dict[str, Json] = {}
        self._pieces: defaultdict[str, list[str]] = defaultdict(list)
        self._reason: Json = None

    def take(self, choice: dict[str, Json]) -> None:
        """Add a piece."""
        self._reason = choice.get("finish_reason") or self._reason
        delta = choice["delta"]
        assert isinstance(delta, dict)
        for name, piece in delta.items():
            if isinstance(piece, str) and name != "role":
                self._pieces[name].append(piece)

    def reply(self, *, is_done: bool) -> dict[str, Json] | None:
        """What they come to; None if it did not come to its end."""
        if self.fields.get("error"):
            return self.fields
        if self._reason is None and not (is_done and self._pieces):
            return None
        texts: dict[str, Json] = {name: "".join(parts) for name, parts in self._pieces.items()}
        message: Json = {"role": "assistant", "content": None, **texts}
        choice: Json = {"index": 0, "message": message, "finish_reason": self._reason}
        return {**self.fields, "choices": [choice]}


def with_messages(reply: dict[str, Json]) -> dict[str, Json]:
    """The reply with a message in each choice that has a text or a `delta` in its place.

    Choices that come as an object are the one choice itself, or have it by its number.
    """
    choices = reply.get("choices")
    if isinstance(choices, dict):
        is_one = not choices.keys().isdisjoint(("message", "text", "delta"))
        return with_messages({**reply, "choices": [choices] if is_one else [*choices.values()]})
    if not isinstance(choices, list) or all(map(_has_message, choices)):
        return reply
    return {**reply, "choices": [_with_message(choice) for choice in choices]}


def _after_comments(body: bytes) -> Json:
    """A whole reply behind nothing but comments."""
    comments = _COMMENTS.match(body)
    return None if comments is None else _parse(body[comments.end() :])


def _with_message(choice: Json) -> Json:
    if not isinstance(choice, dict) or _has_message(choice):
        return choice
    text, delta = choice.get("text"), choice.get("delta")
    if isinstance(delta, dict) and "content" in delta:
        return {**choice, "message": delta}
    if isinstance(text, str):
        return {**choice, "message": {"role": "assistant", "content": text}}
    return choice


def _has_message(choice: Json) -> bool:
    return isinstance(choice, dict) and isinstance(choice.get("message"), dict)


def _events(body: bytes) -> Iterator[dict[str, Json]]:
    for found in _FIELD.finditer(body):
        event = _parse(found[1].strip())
        if isinstance(event, dict):
            yield event


def _choices(event: dict[str, Json]) -> Iterator[dict[str, Json]]:
    choices = event.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict):
            yield choice


def _parse(data: bytes) -> Json:
    try:
        return parse_json(data)
    except NotJsonError:
        return None
