"""Replies in a shape near the API's, brought into it: streams of events, choices of other kinds."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain

from engine.wire.lenient_json import NotJsonError, parse_json
from schemas.requests import Json

_FIELD = re.compile(rb"^data:[ ]?(.*)$", re.MULTILINE)
_COMMENTS = re.compile(rb"\A(?:\s*:[^\n]*\n)+")  # they keep a connection alive
_DONE = b"[DONE]"
_END = b"data: " + _DONE

WHOLE_NAMES = frozenset({"id", "name", "role", "type"})  # some hosts repeat these in each piece
MAX_BROKEN = 100  # events: each takes a thousand times as long as a sound one
MAX_JOINED = 4  # a piece, its tool calls, one of them, its function


def read_events(body: bytes) -> Json:
    """The reply that a stream of server-sent events comes to, though none was asked for.

    None: it is no such stream, or does not end as one does.
    """
    if (whole := _whole_within(body)) is not None:
        return whole
    stream = _Stream()
    for event in _events(body):
        for choice in _choices(event):
            if not isinstance(choice.get("delta"), dict):
                return event  # a whole reply in one event, or an error
            stream.take(choice)
        stream.fields |= {
            name: value for name, value in event.items() if value and name != "choices"
        }
    return stream.reply(is_done=_DONE in body)


class _Stream:
    """The pieces of a reply, by choice."""

    def __init__(self) -> None:
        self.fields: dict[str, Json] = {}
        self._deltas: defaultdict[int, list[Json]] = defaultdict(list)
        self._reasons: dict[int, Json] = {}

    def take(self, choice: dict[str, Json]) -> None:
        """Add a piece."""
        index = choice.get("index")
        number = index if type(index) is int else 0
        if delta := choice["delta"]:
            self._deltas[number].append(delta)
        if reason := choice.get("finish_reason"):
            self._reasons[number] = reason

    def reply(self, *, is_done: bool) -> dict[str, Json] | None:
        """What they come to; None if it did not come to its end."""
        if self.fields.get("error"):
            return self.fields
        numbers = sorted({*self._deltas, *self._reasons})
        if not numbers or not ((is_done and self._deltas) or set(numbers) == set(self._reasons)):
            return None
        return {**self.fields, "choices": [self._choice(number) for number in numbers]}

    def _choice(self, number: int) -> Json:
        parts = _joined(self._deltas[number], MAX_JOINED)
        said = parts if isinstance(parts, dict) else {}
        message: Json = {"role": "assistant", "content": None, **said}
        return {"index": number, "message": message, "finish_reason": self._reasons.get(number)}


def _joined(pieces: list[Json], depth: int) -> Json:
    """A value of which these are the pieces: texts make one, objects and lists entry by entry."""
    pieces = [piece for piece in pieces if piece is not None]
    texts = [piece for piece in pieces if isinstance(piece, str)]
    objects = [piece for piece in pieces if isinstance(piece, dict)]
    lists = [piece for piece in pieces if isinstance(piece, list)]
    if texts and len(texts) == len(pieces):
        return "".join(texts)
    if objects and depth and len(objects) == len(pieces):
        return _joined_objects(objects, depth)
    if lists and depth and len(lists) == len(pieces):
        return _joined_lists(lists, depth)
    return pieces[-1] if pieces else None


def _joined_objects(objects: list[dict[str, Json]], depth: int) -> Json:
    by_name: defaultdict[str, list[Json]] = defaultdict(list)
    for each in objects:
        for name, piece in each.items():
            by_name[name].append(piece)
    return {
        name: next(filter(None, pieces), pieces[0])
        if name in WHOLE_NAMES
        else _joined(pieces, depth - 1)
        for name, pieces in by_name.items()
    }


def _joined_lists(lists: list[list[Json]], depth: int) -> Json:
    """Entries with the same `index` are pieces of one; without it each is whole."""
    by_place: defaultdict[Json, list[Json]] = defaultdict(list)
    for entry in chain.from_iterable(lists):
        index = entry.pop("index", None) if isinstance(entry, dict) else None
        by_place[index if type(index) is int else f"{len(by_place)}"].append(entry)
    return [_joined(pieces, depth - 1) for pieces in by_place.values()]


def with_messages(reply: dict[str, Json]) -> dict[str, Json]:
    """The reply with a message in each choice that has a text or a `delta` in its place.

    Choices that come as an object are the one choice itself, or have it by its number.
    """
    choices = reply.get("choices")
    if isinstance(choices, dict):
        is_one = not choices.keys().isdisjoint(("message", "text", "delta"))
        return with_messages({**reply, "choices": [choices] if is_one else [*choices.values()]})
    if not isinstance(choices, list) or all(map(has_message, choices)):
        return reply
    return {**reply, "choices": [_with_message(choice) for choice in choices]}


def _whole_within(body: bytes) -> Json:
    """A whole reply behind nothing but comments, or before nothing but the end of a stream."""
    comments = _COMMENTS.match(body)
    whole = (body if comments is None else body[comments.end() :]).strip()
    is_marked = comments is not None or whole.endswith(_END)
    return _parse(whole.removesuffix(_END)) if is_marked else None


def _with_message(choice: Json) -> Json:
    if not isinstance(choice, dict) or has_message(choice):
        return choice
    text, delta = choice.get("text"), choice.get("delta")
    if isinstance(delta, dict) and "content" in delta:
        return {**choice, "message": delta}
    if isinstance(text, str):
        return {**choice, "message": {"role": "assistant", "content": text}}
    return choice


def has_message(choice: Json) -> bool:
    """Whether a choice is one of a chat completion."""
    return isinstance(choice, dict) and isinstance(choice.get("message"), dict)


def _events(body: bytes) -> Iterator[dict[str, Json]]:
    """The objects of a stream; it ends at the last of MAX_BROKEN that are none."""
    broken_count = 0
    for found in _FIELD.finditer(body):
        if not (data := found[1].strip()).startswith(b"{"):
            continue
        event = _parse(data)
        if isinstance(event, dict):
            yield event
        elif (broken_count := broken_count + 1) >= MAX_BROKEN:
            return


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
