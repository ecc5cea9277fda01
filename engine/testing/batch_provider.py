"""A provider of batches in memory, and the lines of its output files."""

import itertools
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from engine.batch.client import NAME_KEY
from engine.errors import NotFoundError
from engine.testing.clocks import ManualClock
from engine.wire.sdk.file_states import FileState
from schemas.batches import RemoteState

Line = dict[str, Any]


class RemoteBatch(NamedTuple):
    """A batch as the provider keeps it; `file_id` is its input file."""

    remote: RemoteState
    file_id: str
    metadata: dict[str, str]
    created_at: datetime


class FakeProvider:
    """A `Provider` that takes every batch and ends those that it is told to end.

    `faults` and `late_faults` hold, by the name of a method, what its next calls raise; None lets
    a call pass. One in `faults` is raised before anything has happened, one in `late_faults`
    afterwards: the caller does not know of what happened. `hidden` says how many times a file is
    not yet known. `on_step` is called before anything happens and after it; what it raises goes to
    the caller.
    """

    def __init__(self, clock: ManualClock, on_step: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._on_step = on_step
        self._numbers = itertools.count(1)
        self.files: dict[str, bytes] = {}
        self.names: dict[str, str] = {}
        self.hidden: dict[str, int] = {}
        self.states: dict[str, FileState] = {}
        self.batches: dict[str, RemoteBatch] = {}
        self.calls: Counter[str] = Counter()
        self.called_at_s: dict[str, float] = {}
        self.faults: dict[str, deque[BaseException | None]] = {}
        self.late_faults: dict[str, deque[BaseException | None]] = {}

    async def upload(self, path: Path, name: str) -> str:
        """Keep a copy of the file."""
        self._begin("upload")
        file_id = f"file-{next(self._numbers)}"
        self.files[file_id], self.names[file_id] = path.read_bytes(), name  # noqa: ASYNC240 (a test's file)
        self._end("upload")
        return file_id

    async def find_file(self, name: str, newer_than: datetime) -> str | None:
        """The id of the first file of this name."""
        self._begin("find_file")
        return next((id_ for id_, known in self.names.items() if known == name), None)

    async def file_state(self, file_id: str) -> FileState:
        """Ready once it was uploaded and is not hidden, unless `states` says otherwise."""
        self._begin("file_state")
        self.hidden[file_id] = self.hidden.get(file_id, 0) - 1
        if file_id not in self.files or self.hidden[file_id] >= 0:
            return "missing"
        return self.states.get(file_id, "ready")

    async def create(self, file_id: str, url: str, metadata: dict[str, str]) -> RemoteState:
        """Begin a batch."""
        self._begin("create")
        batch_id = f"batch-{next(self._numbers)}"
        remote = RemoteState(batch_id=batch_id, status="in_progress")
        self.batches[batch_id] = RemoteBatch(remote, file_id, metadata, self._clock.now)
        self._end("create")
        return remote

    async def find(
        self, metadata: dict[str, str], file_id: str, newer_than: datetime
    ) -> RemoteState | None:
        """The first batch with exactly this metadata, or with this input file."""
        self._begin("find")
        batches = self.batches.values()
        found = (b.remote for b in batches if b.metadata == metadata or b.file_id == file_id)
        return next(found, None)

    async def retrieve(self, batch_id: str) -> RemoteState:
        """How far a batch is."""
        self._begin("retrieve")
        return self.batches[batch_id].remote

    async def list_states(
        self, batch_ids: Collection[str], newer_than: datetime
    ) -> dict[str, RemoteState]:
        """How far these batches are."""
        self._begin("list_states")
        return {id_: batch.remote for id_, batch in self.batches.items() if id_ in batch_ids}

    async def cancel(self, batch_id: str) -> RemoteState:
        """Note that the batch is to stop; `end` ends it."""
        self._begin("cancel")
        self._update(batch_id, status="cancelling")
        return self.batches[batch_id].remote

    async def download(self, file_id: str, path: Path) -> None:
        """Write a file, or raise as the API does where there is none."""
        self._begin("download")
        if file_id not in self.files:
            raise NotFoundError("404: no such file", status=404)
        path.write_bytes(self.files[file_id])  # noqa: ASYNC240
        self._end("download")

    async def delete(self, file_id: str) -> None:
        """Forget a file."""
        self._begin("delete")
        self.files.pop(file_id, None)
        self.names.pop(file_id, None)
        self._end("delete")

    def end(
        self,
        name: str,
        status: str = "completed",
        *,
        output: Iterable[Line] | None = None,
        errors: Iterable[Line] = (),
    ) -> None:
        """End the batch that the run calls `name`; without `output` all its lines are answered."""
        batch_id, _ = self._named(name)
        if output is None:
            output = [answered_line(custom_id) for custom_id in self.custom_ids(name)]
        output, errors = list(output), list(errors)
        self._update(
            batch_id,
            status=status,
            done_count=len(output),
            error_count=len(errors),
            output_file_id=self._keep(output),
            error_file_id=self._keep(errors),
        )

    def end_all(self) -> None:
        """Answer every batch that has not ended."""
        for batch in list(self.batches.values()):
            if batch.remote.status == "in_progress":
                self.end(batch.metadata[NAME_KEY])

    def end_with(self, name: str, output: bytes) -> None:
        """Complete a batch; `output` is its output file, whatever that holds."""
        self.end(name)
        _, batch = self._named(name)
        self.files[batch.remote.output_file_id] = output

    def fail(self, name: str, code: str, message: str, line: int | None = None) -> None:
        """Refuse a batch as a whole."""
        batch_id, _ = self._named(name)
        self._update(
            batch_id, status="failed", problem_code=code, problem=message, problem_line=line
        )

    def custom_ids(self, name: str) -> list[str]:
        """The requests of a batch, in their order."""
        return [line["custom_id"] for line in self.lines(name)]

    def lines(self, name: str) -> list[Line]:
        """The lines of a batch's input file."""
        _, batch = self._named(name)
        return [orjson.loads(line) for line in self.files[batch.file_id].splitlines()]

    def _named(self, name: str) -> tuple[str, RemoteBatch]:
        return next((i, b) for i, b in self.batches.items() if b.metadata[NAME_KEY] == name)

    def _keep(self, lines: list[Line]) -> str:
        if not lines:
            return ""
        file_id = f"file-{next(self._numbers)}"
        self.files[file_id] = b"".join(orjson.dumps(line) + b"\n" for line in lines)
        return file_id

    def _update(self, batch_id: str, **changes: object) -> None:
        batch = self.batches[batch_id]
        self.batches[batch_id] = batch._replace(remote=batch.remote.model_copy(update=changes))

    def _begin(self, call: str) -> None:
        self.calls[call] += 1
        self.called_at_s[call] = self._clock.monotonic_s()
        self._on_step()
        self._raise(self.faults, call)

    def _end(self, call: str) -> None:
        self._on_step()
        self._raise(self.late_faults, call)

    def _raise(self, faults: Mapping[str, deque[BaseException | None]], call: str) -> None:
        if (waiting := faults.get(call)) and (fault := waiting.popleft()) is not None:
            raise fault


def answered_line(custom_id: str, *, finish_reason: str = "stop") -> Line:
    """A line of an output file: a chat completion that says "Yes."."""
    message = {"role": "assistant", "content": "Yes.", "refusal": None}
    body = {
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 50},
    }
    response = {"status_code": 200, "request_id": f"req-{custom_id}", "body": body}
    return {"id": "x", "custom_id": custom_id, "response": response, "error": None}


def refused_line(custom_id: str, status: int, code: str, message: str = "no") -> Line:
    """A line of an error file: the request was refused with HTTP status `status`."""
    error = {"message": message, "type": "t", "param": None, "code": code}
    response = {"status_code": status, "request_id": "r", "body": {"error": error}}
    return {"id": "x", "custom_id": custom_id, "response": response, "error": None}


def untried_line(custom_id: str, code: str = "batch_expired") -> Line:
    """A line of an error file: the batch ended before this request was tried."""
    error = {"code": code, "message": "This request could not be executed."}
    return {"id": "x", "custom_id": custom_id, "response": None, "error": error}
