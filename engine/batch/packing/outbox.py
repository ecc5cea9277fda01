"""The outbox: requests on disk that wait for a batch."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import orjson

from engine.batch.folder import BatchFolder
from engine.files.id_index import IdIndex
from engine.files.jsonl import JsonlLog
from engine.files.jsonl_lines import damaged_line, id_key, line_prefix, read_lines
from engine.files.line_scan import scan_lines
from engine.files.replace import WriteLine, replacing
from schemas.requests import Request

ID_FIELD = "request_id"
LINE_ID_FIELD = "custom_id"  # of a batch's file (OpenAI Batch guide)


class Spooled(NamedTuple):
    """A request as it will stand in a batch. Token counts are estimates, output the most."""

    request_id: str
    url: str
    model: str
    purpose: str
    prompt_tokens: int
    output_tokens: int
    payload: bytes

    @classmethod
    def of(cls, request: Request) -> Self:
        """A request as it is."""
        return cls(
            request_id=request.request_id,
            url=request.url,
            model=request.model,
            purpose=request.purpose,
            prompt_tokens=request.prompt_tokens,
            output_tokens=request.max_output_tokens,
            payload=request.payload,
        )

    @property
    def max_output_tokens(self) -> int:
        """The same as of a `Request`."""
        return self.output_tokens

    @property
    def group(self) -> tuple[str, str, str]:
        """What a batch has in common: the provider wants one url and model, we one purpose."""
        return (self.url, self.model, self.purpose)


class Outbox:
    """Requests in the order of their arrival, each id once. Memory: 16 bytes a request."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = JsonlLog(path, id_field=ID_FIELD)

    async def aclose(self) -> None:
        """Close the file."""
        await self._log.aclose()

    def __len__(self) -> int:
        return len(self._log)

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._log

    async def add(self, request: Spooled) -> None:
        """Keep a request until it is in a batch; returns once it is on disk."""
        if request.request_id not in self._log:
            await self._log.append(request.request_id, _encode(request))

    def read(self) -> Iterator[Spooled]:
        """All requests, oldest first, one at a time.

        Raises:
            DamagedLogError: a line is not a request.
        """
        for number, line in enumerate(read_lines(self._path), start=1):
            try:
                yield _decode(line)
            except (orjson.JSONDecodeError, KeyError, TypeError) as error:
                raise damaged_line(self._path, number, f"not a request ({error})") from error

    async def rewrite(self) -> OutboxRewrite:
        """Begin to replace the content: what is not written again is gone when it ends well."""
        await self._log.aclose()
        return OutboxRewrite(self)

    def reopen(self) -> None:
        """Go on with the file as it is now."""
        self._log = JsonlLog(self._path, id_field=ID_FIELD)

    @property
    def path(self) -> Path:
        """The file."""
        return self._path


class OutboxRewrite:
    """A context in which the requests that stay are written; the rest leaves in one step."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._replacing = replacing(outbox.path)

    def __enter__(self) -> Self:
        self._write_line: WriteLine = self._replacing.__enter__()
        return self

    def keep(self, request: Spooled) -> None:
        """Let a request stay."""
        self._write_line(_encode(request))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._replacing.__exit__(kind, error, trace)
        finally:
            self._outbox.reopen()


def _encode(request: Spooled) -> bytes:
    fields = request._asdict()
    fields["payload"] = orjson.Fragment(request.payload)
    return orjson.dumps(fields)


def _decode(line: bytes) -> Spooled:
    fields = orjson.loads(line)
    fields["payload"] = orjson.dumps(fields["payload"])
    return Spooled(**fields)


def read_batch_ids(path: Path) -> Iterator[bytes]:
    """The ids of the requests in a batch's file, as they stand in a line; none if it is gone."""
    start = len(line_prefix(LINE_ID_FIELD))
    for line in read_lines(path):
        yield line[start : line.find(b'"', start + 1) + 1]


class OutIndex:
    """Membership by a 64-bit hash, 16 bytes a request.

    Two ids with one hash are next to impossible; if it happened, the one would wait for the
    other's batch, and be asked after it.
    """

    def __init__(self, folder: BatchFolder, names: Iterable[str]) -> None:
        """The requests of the batches of these names.

        Raises:
            DamagedLogError: the file of one is gone or damaged.
        """
        hashes, offsets = array("q"), array("q")
        for name in names:
            lines = _scan(folder, name)
            hashes.extend(lines)
            offsets.extend(range(len(lines)))
        self._ids = IdIndex(hashes, offsets)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, request_id: object) -> bool:
        return next(self._ids.offsets(id_key(str(request_id))), None) is not None


def _scan(folder: BatchFolder, name: str) -> array[int]:
    try:
        return scan_lines(folder.requests_path(name), line_prefix(LINE_ID_FIELD)).hashes
    except FileNotFoundError as error:
        raise folder.lacking_requests(name) from error
