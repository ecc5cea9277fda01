"""The files of one batch as they lie on disk: which requests it holds, and lines of results."""

import os
import re
from collections import deque
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson

from engine.errors import DamagedLogError
from engine.wire.json_forms import wanted_keys
from engine.wire.lenient_json import NotJsonError, parse_json
from engine.wire.prices import worst_usage
from schemas.outcomes import Usage
from schemas.requests import Json, Request, output_limit

GROUP_LINES = 1_000  # made durable together
SHOWN_BYTES = 4_096  # of a line that is too long
OK = 200
REPLY_KEYS = ("choices", "data")  # of chat completions, of embeddings
LIMIT_NAMES = (b'"max_completion_tokens":', b'"max_tokens":')

_ID_OF_UNREADABLE = re.compile(rb'"custom_id"\s*:\s*("(?:[^"\\]|\\.)*")')


class ResultLine(NamedTuple):
    """A line of a result file that names a request. `fields` None: the rest is no JSON."""

    custom_id: str
    fields: dict[str, Json] | None
    data: bytes


def read_requests(path: Path) -> dict[str, bool]:
    """The ids of a batch's requests, and whether each has an output limit. At most 50,000.

    Raises:
        DamagedLogError: our own file is damaged or gone.
    """
    try:
        with path.open("rb") as file:
            return {
                orjson.loads(line)["custom_id"]: any(name in line for name in LIMIT_NAMES)
                for line in file
            }
    except FileNotFoundError as error:
        raise DamagedLogError(
            f"{path}: is gone, and with it which requests the batch holds; restore it from a backup"
        ) from error
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise DamagedLogError(f"{path}: is damaged ({error}); restore it from a backup") from error


def names_wanted_in(path: Path) -> list[str]:
    """The keys that the requests of a batch want in the JSON of their replies: the first's."""
    with path.open("rb") as file:
        return wanted_keys(orjson.loads(file.readline())["body"])


def read_whole_ids(path: Path) -> list[str]:
    """The ids in a file of requests, which a crash may have cut off anywhere."""
    lines = map(read_result_line, path.read_bytes().splitlines())
    return [line.custom_id for line in lines if line is not None and line.fields is not None]


class WorstUsages:
    """The most that each request of a batch may be billed for; read when it is first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, request_id: str) -> Usage:
        """The most tokens of one request of the batch."""
        return self._by_id[request_id]

    @cached_property
    def _by_id(self) -> dict[str, Usage]:
        with self._path.open("rb") as file:
            lines = map(orjson.loads, file)
            return {each["custom_id"]: worst_usage(request_of_line(each)) for each in lines}


def request_of_line(fields: dict[str, Any]) -> Request:
    """The request in a line of a batch's file; its purpose does not stand there."""
    body = fields["body"]
    return Request(
        request_id=fields["custom_id"],
        url=fields["url"],
        model=body["model"],
        payload=orjson.dumps(body),
        purpose="",
        prompt_tokens=0,  # its bytes are counted
        max_output_tokens=output_limit(body),
    )


def read_groups(path: Path, max_line_bytes: int) -> Iterator[list[bytes]]:
    """Lines of a result file, some at a time; none if there is no such file.

    Of a line that is too long only so much comes that its request can be told.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        lines: list[bytes] = []
        for line in _limited_lines(file, max_line_bytes):
            if not line.isspace():
                lines.append(line)
            if len(lines) >= GROUP_LINES:
                yield lines
                lines = []
        yield lines


def read_result_line(data: bytes) -> ResultLine | None:
    """What a line of a result file is about; None if it names no request."""
    try:
        fields = parse_json(data)
    except NotJsonError:
        found = _ID_OF_UNREADABLE.search(data)
        unread_id = _parse_id(found[1]) if found else None
        return None if unread_id is None else ResultLine(unread_id, None, data)
    fields = unwrapped(fields)
    custom_id = fields.get("custom_id") if isinstance(fields, dict) else None
    if isinstance(custom_id, int):  # some hosts read it as a number
        custom_id = str(custom_id)
    if not isinstance(fields, dict) or not isinstance(custom_id, str):
        return None
    return ResultLine(custom_id, fields, data)


class Answered(NamedTuple):
    """What a line says of a response: its HTTP status, None if it is none, its body, its id."""

    status: int | None
    body: Json
    request_id: str


def answer_in(fields: dict[str, Json]) -> Answered | None:
    """The response in a line; None: there is none.

    Some hosts give a reply without a status, in the place of the response or beside the id.
    """
    response = unwrapped(fields.get("response"))
    if isinstance(response, dict) and "body" in response:
        body, status = unwrapped(response["body"]), response.get("status_code", OK)
        return Answered(as_status(status), body, text_field(response, "request_id"))
    for reply in (response, unwrapped(fields.get("body"))):
        if isinstance(reply, dict) and not reply.keys().isdisjoint(REPLY_KEYS):
            return Answered(OK, reply, "")
    if not isinstance(response, dict):
        return None
    return Answered(as_status(response.get("status_code")), None, "")


def unwrapped(value: Json) -> Json:
    """A value that some hosts send as a string that holds its JSON."""
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value.encode())
    except NotJsonError:
        return value


def as_status(value: Json) -> int | None:
    """An HTTP status, which some hosts send as a string; None if it is none."""
    try:
        return int(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def text_field(fields: Json, name: str) -> str:
    """A field that should be a text, "" where it is none."""
    value = fields.get(name) if isinstance(fields, dict) else None
    return value if isinstance(value, str) else ""


def has_results(path: Path, max_line_bytes: int) -> bool:
    """Whether a file holds any line of a batch: a gateway may answer with a page of its own."""
    with path.open("rb") as file:
        lines = _limited_lines(file, max_line_bytes)
        return any(read_result_line(line) is not None for line in lines)


def count_lines(path: Path, max_line_bytes: int) -> int:
    """How many lines a file has that are not blank; 0 if there is no such file."""
    return sum(map(len, read_groups(path, max_line_bytes)))


def ends_with_newline(path: Path) -> bool:
    """Whether the last line of a file is not cut off; False if there is none."""
    with path.open("rb") as file:
        size_bytes = file.seek(0, os.SEEK_END)
        file.seek(max(size_bytes - 1, 0))
        return file.read() == b"\n"


def ends_whole(path: Path, max_line_bytes: int) -> bool:
    """Whether a file ends with a whole line; a connection may close early without an error."""
    if ends_with_newline(path):
        return True
    with path.open("rb") as file:
        last_line = deque(_limited_lines(file, max_line_bytes), maxlen=1)
    return bool(last_line) and _is_json(last_line.pop())


def _limited_lines(file: BinaryIO, max_line_bytes: int) -> Iterator[bytes]:
    """The lines of a file; of one that is too long its beginning alone."""
    while line := file.readline(max_line_bytes + 1):
        if len(line) <= max_line_bytes or line.endswith(b"\n"):
            yield line
            continue
        yield line[:SHOWN_BYTES]
        while line and not line.endswith(b"\n"):
            line = file.readline(max_line_bytes)


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(parse_json(line), dict)
    except NotJsonError:
        return False


def _parse_id(text: bytes) -> str | None:
    try:
        custom_id = parse_json(text)
    except NotJsonError:
        return None
    return custom_id if isinstance(custom_id, str) else None
