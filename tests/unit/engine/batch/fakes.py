"""A provider of batches in memory, a clock that is set by hand, and a desk between them."""

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from engine.batch.client import NAME_KEY
from engine.batch.collecting.collector import Sink
from engine.batch.desk import BatchDesk
from engine.batch.folder import BatchFolder
from engine.batch.open_desk import DeskOrder, open_desk_at
from engine.budget import Budget
from engine.errors import NOT_FOUND, RequestError
from engine.stopping import Stopping
from engine.wire.endpoints import Endpoint
from schemas.batches import BatchFacts
from schemas.outcomes import Outcome, Usage
from schemas.requests import CHAT_COMPLETIONS, Request
from schemas.settings import BatchSettings

EPOCH = datetime(2026, 11, 25, tzinfo=UTC)
ENDPOINT = Endpoint("https://one.example/v1", "sk-a-secret-of-ours")
Line = dict[str, Any]


class Crash(BaseException):
    """The process is killed here."""


class Points:
    """Counts down to the moment at which the process is killed; 0: never."""

    def __init__(self) -> None:
        self.left = 0

    def pass_one(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Crash


class ManualClock:
    """Time stands still but for sleeps, which take none."""

    def __init__(self, points: Points) -> None:
        self._points = points
        self.now = EPOCH
        self.slept_s: list[float] = []

    def monotonic_s(self) -> float:
        return (self.now - EPOCH).total_seconds()

    def utc_now(self) -> datetime:
        self._points.pass_one()
        return self.now

    def go(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.go(seconds=seconds)


class RemoteBatch(NamedTuple):
    """A batch as the provider keeps it."""

    facts: BatchFacts
    file_id: str
    metadata: dict[str, str]
    created_at: datetime


class FakeProvider:
    """Takes everything, ends what it is told to end. `faults` are raised by call, in turn.

    A fault in `faults` comes before anything has happened, one in `late_faults` afterwards: the
    caller does not know of what happened. None lets a call pass.
    """

    def __init__(self, clock: ManualClock, points: Points) -> None:
        self._clock = clock
        self._points = points
        self._numbers = itertools.count(1)
        self.files: dict[str, bytes] = {}
        self.names: dict[str, str] = {}
        self.hidden: dict[str, int] = {}
        self.batches: dict[str, RemoteBatch] = {}
        self.calls: Counter[str] = Counter()
        self.called_at_s: dict[str, float] = {}
        self.faults: dict[str, deque[BaseException | None]] = {}
        self.late_faults: dict[str, deque[BaseException | None]] = {}

    async def upload(self, path: Path, name: str) -> str:
        self._begin("upload")
        file_id = f"file-{next(self._numbers)}"
        self.files[file_id], self.names[file_id] = path.read_bytes(), name
        self._end("upload")
        return file_id

    async def find_file(self, name: str, newer_than: datetime) -> str | None:
        self._begin("find_file")
        return next((id_ for id_, known in self.names.items() if known == name), None)

    async def has_file(self, file_id: str) -> bool:
        self._begin("has_file")
        self.hidden[file_id] = self.hidden.get(file_id, 0) - 1
        return file_id in self.files and self.hidden[file_id] < 0

    async def create(self, file_id: str, url: str, metadata: dict[str, str]) -> BatchFacts:
        self._begin("create")
        batch_id = f"batch-{next(self._numbers)}"
        facts = BatchFacts(batch_id=batch_id, status="in_progress")
        self.batches[batch_id] = RemoteBatch(facts, file_id, metadata, self._clock.now)
        self._end("create")
        return facts

    async def find(self, metadata: dict[str, str], newer_than: datetime) -> BatchFacts | None:
        self._begin("find")
        found = (b.facts for b in self.batches.values() if b.metadata == metadata)
        return next(found, None)

    async def retrieve(self, batch_id: str) -> BatchFacts:
        self._begin("retrieve")
        return self.batches[batch_id].facts

    async def list_states(
        self, batch_ids: Collection[str], newer_than: datetime
    ) -> dict[str, BatchFacts]:
        self._begin("list_states")
        return {id_: batch.facts for id_, batch in self.batches.items() if id_ in batch_ids}

    async def cancel(self, batch_id: str) -> BatchFacts:
        self._begin("cancel")
        self._update(batch_id, status="cancelling")
        return self.batches[batch_id].facts

    async def download(self, file_id: str, path: Path) -> None:
        self._begin("download")
        if file_id not in self.files:
            raise RequestError("404: no such file", code=NOT_FOUND, status=404)
        path.write_bytes(self.files[file_id])
        self._end("download")

    async def delete(self, file_id: str) -> None:
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
            output = [answered(custom_id) for custom_id in self.custom_ids(name)]
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
            if batch.facts.status == "in_progress":
                self.end(batch.metadata[NAME_KEY])

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

    def _keep(self, lines: list[Line]) -> str | None:
        if not lines:
            return None
        file_id = f"file-{next(self._numbers)}"
        self.files[file_id] = b"".join(orjson.dumps(line) + b"\n" for line in lines)
        return file_id

    def _update(self, batch_id: str, **changes: object) -> None:
        batch = self.batches[batch_id]
        self.batches[batch_id] = batch._replace(facts=batch.facts.model_copy(update=changes))

    def _begin(self, call: str) -> None:
        self.calls[call] += 1
        self.called_at_s[call] = self._clock.monotonic_s()
        self._points.pass_one()
        self._raise(self.faults, call)

    def _end(self, call: str) -> None:
        self._points.pass_one()
        self._raise(self.late_faults, call)

    def _raise(self, faults: Mapping[str, deque[BaseException | None]], call: str) -> None:
        if (waiting := faults.get(call)) and (fault := waiting.popleft()) is not None:
            raise fault


class Bench(NamedTuple):
    """A desk, the provider behind it, and what has been settled."""

    desk: BatchDesk
    provider: FakeProvider
    settled: dict[str, Outcome]
    budget: Budget
    stopping: Stopping


class Place(NamedTuple):
    """What outlives a process: the folder, the provider, the journal."""

    folder: Path
    clock: ManualClock
    provider: FakeProvider
    settled: dict[str, Outcome]
    points: Points

    @asynccontextmanager
    async def open(self, *, cap_usd: float | None = None, **settings: Any) -> AsyncIterator[Bench]:
        """A process's desk; after a crash it is opened again."""

        def keep(outcome: Outcome) -> Awaitable[None]:
            self.points.pass_one()
            assert outcome.request_id not in self.settled
            self.settled[outcome.request_id] = outcome
            kept = asyncio.get_running_loop().create_future()
            kept.set_result(None)
            return kept

        stopping, budget = Stopping(), Budget(cap_usd=cap_usd, spent_usd=0.0, price=price)
        order = DeskOrder(
            folder=BatchFolder(self.folder / "batches.jsonl", self.folder / "batches", "run-id"),
            endpoint=ENDPOINT,
            settings=BatchSettings(**settings),
            timeout_s=1.0,
            state_dir=self.folder / "state",
            price=price,
            budget=budget,
            sink=Sink(keep, self.settled.__contains__),
            enlarges_truncated=True,
            clock=self.clock,
            stopping=stopping,
        )
        async with open_desk_at(self.provider, order) as desk:
            yield Bench(desk, self.provider, self.settled, budget, stopping)


def make_place(folder: Path) -> Place:
    """A run that has not begun."""
    folder.mkdir(exist_ok=True)
    points = Points()
    clock = ManualClock(points)
    return Place(folder, clock, FakeProvider(clock, points), {}, points)


def price(model: str, usage: Usage) -> float | None:
    """A tenth of a cent a token; nothing is known of model `unknown`."""
    if model == "unknown":
        return None
    return (usage.prompt_tokens + usage.completion_tokens) / 1000


def ask(
    request_id: str,
    *,
    model: str = "m",
    purpose: str = "answers",
    prompt_tokens: int = 20,
    output_tokens: int = 100,
) -> Request:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": request_id}],
        "max_completion_tokens": output_tokens,
    }
    payload = orjson.dumps(body)
    return Request(
        request_id, CHAT_COMPLETIONS, model, payload, purpose, prompt_tokens, output_tokens
    )


async def submit(desk: BatchDesk, *requests: Request) -> int:
    """Spool requests and submit what fits."""
    for request in requests:
        await desk.spool(request)
    return await desk.submit_outbox()


def answered(custom_id: str, *, finish_reason: str = "stop") -> Line:
    message = {"role": "assistant", "content": "Yes.", "refusal": None}
    body = {
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 50},
    }
    response = {"status_code": 200, "request_id": f"req-{custom_id}", "body": body}
    return {"id": "x", "custom_id": custom_id, "response": response, "error": None}


def refused(custom_id: str, status: int, code: str, message: str = "no") -> Line:
    error = {"message": message, "type": "t", "param": None, "code": code}
    response = {"status_code": status, "request_id": "r", "body": {"error": error}}
    return {"id": "x", "custom_id": custom_id, "response": response, "error": None}


def untried(custom_id: str, code: str = "batch_expired") -> Line:
    error = {"code": code, "message": "This request could not be executed."}
    return {"id": "x", "custom_id": custom_id, "response": None, "error": error}
