"""The journal: every settled request with its raw reply, on disk before it is used."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

import base64
from array import array
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from engine.closing import AsyncClosing
from engine.files.id_index import IdIndex
from engine.files.indexed_lines import open_lines
from engine.files.jsonl import JsonlLog
from engine.files.jsonl_lines import damaged_line, id_key, read_lines
from engine.wire.lenient_json import dump_json, parse_json
from schemas.outcomes import Completed, Failed, LaneName, Outcome, Usage
from schemas.requests import Json

ID_FIELD = "request_id"
RAW_FIELD = "raw_base64"  # bytes that are no JSON; only where there are any
REPLY_FIELD = b',"reply":'  # comes last, so that what stands before it can be read by itself


class Journal(AsyncClosing):
    """Outcomes by request id. `append` returns once the outcome is durable.

    A reply is kept as the provider sent it, so a change of parsing or filters costs nothing.
    `before` are journals of others that were written before: what they hold is not asked again.
    """

    def __init__(
        self, path: Path, before: Sequence[Path] = (), *, has_reserve: bool = False
    ) -> None:
        with ExitStack() as opened:
            self._before = [
                opened.enter_context(closing(open_lines(each, id_field=ID_FIELD)))
                for each in before
            ]
            self._log = JsonlLog(path, id_field=ID_FIELD, has_reserve=has_reserve)
            self._opened = opened.pop_all()

    async def aclose(self) -> None:
        """Wait for what is being written, then close the file."""
        with self._opened:
            await self._log.aclose()

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._log

    def __len__(self) -> int:
        return len(self._log)

    def contains_each(self, keys: Sequence[bytes]) -> list[bool]:
        """Whether each of many requests is settled; their ids as they stand in a line."""
        return self._log.contains_each(keys)

    def settled_among(self, request_ids: Collection[str]) -> set[str]:
        """Those of some requests that are settled."""
        return self._log.those_in(request_ids)

    def get(self, request_id: str) -> Outcome | None:
        """The outcome of a settled request (`raw` is left empty), None if it is not settled.

        Raises:
            DamagedLogError: its line cannot be read.
        """
        key = id_key(request_id)
        for lines in (self._log.lines, *self._before):
            if (line := lines.read(key)) is not None:
                try:
                    return decode_outcome(line)
                except (ValueError, KeyError, TypeError) as error:
                    raise lines.damaged(key, f"not an outcome ({error})") from error
        return None

    def holds(self, line: bytes) -> bool:
        """Whether this is, to the letter, the line of its request here."""
        return self._log.holds(line)

    def follow_pace(self, is_paced: Callable[[], bool]) -> None:
        """Write in larger groups while `is_paced`: see JsonlLog.follow_pace."""
        self._log.follow_pace(is_paced)

    def append(self, outcome: Outcome) -> Awaitable[None]:
        """Keep `outcome`; what is returned resolves once it is on disk.

        Raises:
            StorageError: the disk refused it, or is full and keeps it in its reserve.
        """
        return self._log.append(outcome.request_id, encode_outcome(outcome))

    async def append_each(self, outcomes: Iterable[Outcome]) -> None:
        """Keep outcomes; returns once all are on disk.

        Raises:
            StorageError: the disk refused one.
        """
        await self._log.append_each((each.request_id, encode_outcome(each)) for each in outcomes)

    async def adopt_each(self, lines: Sequence[bytes]) -> list[bytes]:
        """As JsonlLog.adopt_each."""
        return await self._log.adopt_each(lines)


def encode_outcome(outcome: Outcome) -> bytes:
    """The journal line of an outcome, without its newline."""
    usage = outcome.usage
    fields = {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
    }
    if usage.cache_write_tokens:
        fields["cache_write_tokens"] = usage.cache_write_tokens
    line: dict[str, object] = {
        "request_id": outcome.request_id,
        "status": "completed" if isinstance(outcome, Completed) else "failed",
        "purpose": outcome.purpose,
        "model": outcome.model,
        "lane": outcome.lane,
        "attempts": outcome.attempts,
        "usage": fields,
        "cost_usd": outcome.cost_usd,
        "latency_s": outcome.latency_s,
        "settled_at": outcome.settled_at,
    }
    if outcome.is_estimated:
        line["estimated"] = True
    if outcome.service_tier:
        line["service_tier"] = outcome.service_tier
    if isinstance(outcome, Completed):
        line["server_request_id"] = outcome.server_request_id
        line["reply"] = orjson.Fragment(outcome.raw)
    else:
        line["code"] = outcome.code
        line["message"] = outcome.message
        line["http_status"] = outcome.status
        if outcome.raw:
            line[RAW_FIELD] = base64.b64encode(outcome.raw).decode()
        line["reply"] = orjson.Fragment(dump_json(outcome.reply))
    return orjson.dumps(line)


def decode_outcome(line: bytes) -> Outcome:
    """The outcome that a journal line holds.

    Raises:
        ValueError, KeyError, TypeError: it holds none.
    """
    fields = _read_fields(line)
    status = fields.pop("status")
    fields["usage"] = Usage(**fields["usage"])
    fields["is_estimated"] = fields.pop("estimated", False)
    if status == "completed":
        return Completed(raw=b"", **fields)
    raw = base64.b64decode(fields.pop(RAW_FIELD, ""), validate=True)
    return Failed(status=fields.pop("http_status"), raw=raw, **fields)


def _read_fields(line: bytes) -> dict[str, Any]:
    """A line's fields. A reply that is nested too deeply for the fast parser is no damage."""
    try:
        fields: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        if "depth limit" not in error.msg:
            raise
        fields = parse_json(line)
    if not isinstance(fields, dict):
        raise TypeError("no object")
    return fields


class Settled(NamedTuple):
    """What a journal line says of its request, the reply apart."""

    request_id: str
    purpose: str
    model: str
    lane: LaneName
    is_completed: bool
    settled_at: str
    usage: Usage
    cost_usd: float | None
    is_estimated: bool
    service_tier: str = ""
    latency_s: float = 0.0


def read_settled(path: Path) -> Iterator[Settled]:
    """All settled requests of a journal file, in order, without reading their replies.

    A line that was copied counts once. Memory: 16 bytes a line.

    Raises:
        DamagedLogError: a line is not an outcome.
    """
    seen = IdIndex(array("q"), array("q"))
    for number, line in enumerate(read_lines(path), start=1):
        head, _, _ = line.partition(REPLY_FIELD)
        if seen.holds(head):
            continue
        seen.add(head, number)
        try:
            fields: dict[str, Json] = orjson.loads(head + b"}")
            yield Settled(
                request_id=str(fields["request_id"]),
                purpose=str(fields["purpose"]),
                model=str(fields["model"]),
                lane=fields["lane"],  # type: ignore[arg-type]
                is_completed=fields["status"] == "completed",
                settled_at=str(fields["settled_at"]),
                usage=Usage(**fields["usage"]),  # type: ignore[arg-type]
                cost_usd=fields["cost_usd"],  # type: ignore[arg-type]
                is_estimated=fields.get("estimated") is True,
                service_tier=str(fields.get("service_tier", "")),
                latency_s=fields.get("latency_s", 0.0),  # type: ignore[arg-type]
            )
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise damaged_line(path, number, f"not an outcome ({error})") from error
