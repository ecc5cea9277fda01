import asyncio
from collections.abc import Awaitable
from functools import partial
from pathlib import Path

import orjson
import pytest

from engine.errors import ConfigError, FatalError, InterruptedRunError, StorageError
from engine.progress import StageProgress
from engine.stopping import Stopping
from engine.testing.transport import FakeTransport, Step, error_answer, good_answer
from engine.wire.endpoints import Endpoint
from engine.wire.replies.responses import HttpResponse
from jobs.send.lanes.requests import Sending
from jobs.send.request_sources import LineReader, StreamSource
from jobs.send.result_files import ResultFiles, result_paths, set_failures_aside
from schemas.outcomes import Outcome
from schemas.settings import LimitSettings
from tests.unit.engine.live.lanes import make_lane
from tests.unit.jobs.send.batch_file_texts import line

instant = partial(FakeTransport, latency_s=0.0)


class Lines:
    """A stream whose lines are there at once; after them it waits, or ends."""

    def __init__(self, *lines: bytes, stays_open: bool = False) -> None:
        self._lines = list(lines)
        self._closed = asyncio.Event()
        self._stays_open = stays_open
        self.is_waited_for = asyncio.Event()

    async def read_line(self) -> bytes:
        if self._lines:
            return self._lines.pop(0) + b"\n"
        if self._stays_open:
            self.is_waited_for.set()
            await self._closed.wait()
        return b""

    def reader(self) -> LineReader:
        return LineReader(self.read_line, self._closed.set)


class Sent:
    """What one call of `send_all` did."""

    def __init__(self, sending: Sending, transport: FakeTransport, source: StreamSource) -> None:
        self.ended_by = sending.ended_by
        self.unsettled = sending.unsettled
        self.counts = source.counts()
        self.ids = [
            orjson.loads(payload)["messages"][0]["content"] for _, _, payload in transport.sent
        ]


async def send_all(
    out_path: Path,
    lines: Lines,
    transport: FakeTransport | None = None,
    *,
    workers: int = 3,
    stopping: Stopping | None = None,
    skips: bool = False,
    results: ResultFiles | None = None,
) -> Sent:
    transport = transport or instant()
    async with results or ResultFiles(result_paths(out_path)) as results:
        source = StreamSource(lines.reader(), results, skips_bad_lines=skips)
        # one slot: the other workers wait for it with a request in hand
        lane = make_lane(transport, settings=LimitSettings(max_attempts=1, max_in_flight=1))
        with StageProgress("send", total=None, done=0, details=dict) as progress:
            sending = Sending(source, lane, results.keep, stopping or Stopping(), progress)
            await sending.run(workers)
        await lane.aclose()
    return Sent(sending, transport, source)


def ids_in(path: Path) -> list[str]:
    return [orjson.loads(text)["custom_id"] for text in path.read_bytes().splitlines()]


async def test_every_request_ends_in_one_of_the_files(tmp_path: Path) -> None:
    out_path = tmp_path / "out.jsonl"

    def respond(_: Endpoint, payload: bytes) -> Step:
        return error_answer(400, "invalid_value") if b'"bad' in payload else good_answer()

    sent = await send_all(
        out_path, Lines(*map(line, ["a", "bad1", "b"])), instant(responder=respond)
    )

    assert sent.ended_by is None
    assert sorted(ids_in(out_path)) == ["a", "b"]
    assert ids_in(result_paths(out_path).errors) == ["bad1"]


async def test_requests_that_all_fail_alike_end_the_call_before_all_are_paid_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    transport = instant(responder=lambda *_: HttpResponse(200, {}, b"<html>Log in</html>"))

    sent = await send_all(tmp_path / "out", Lines(*(line(f"r{n}") for n in range(90))), transport)

    assert isinstance(sent.ended_by, FatalError)
    assert "the first 20 requests all failed for good with malformed_reply" in str(sent.ended_by)
    assert len(sent.ids) < 30
    assert len(caplog.messages) == 1
    assert "request r0 has failed for good with malformed_reply" in caplog.messages[0]


async def test_a_file_of_few_bad_requests_is_sent_to_its_end(tmp_path: Path) -> None:
    refusing = instant(responder=lambda *_: error_answer(400, "invalid_value"))

    sent = await send_all(tmp_path / "out", Lines(*(line(f"r{n}") for n in range(19))), refusing)

    assert sent.ended_by is None
    assert len(sent.ids) == 19


async def test_second_call_sends_only_what_is_not_settled(tmp_path: Path) -> None:
    out_path = tmp_path / "out.jsonl"
    first = instant([error_answer(400, "invalid_value"), good_answer()])
    await send_all(out_path, Lines(line("a"), line("b")), first, workers=1)

    sent = await send_all(out_path, Lines(*map(line, ["a", "b", "c"])))

    assert sent.ids == ["c"]
    assert (sent.counts.answered_before, sent.counts.failed_before) == (1, 1)


async def test_failures_set_aside_are_sent_again_and_stay_readable(tmp_path: Path) -> None:
    out_path = tmp_path / "out.jsonl"
    paths = result_paths(out_path)
    refusing = instant([error_answer(400, "invalid_value")])
    await send_all(out_path, Lines(line("a")), refusing)

    set_failures_aside(paths)
    sent = await send_all(out_path, Lines(line("a")))

    assert sent.ids == ["a"]
    assert ids_in(out_path) == ["a"]
    assert ids_in(paths.former_errors) == ["a"]
    assert ids_in(paths.errors) == []


async def test_request_out_of_attempts_is_written_nowhere(tmp_path: Path) -> None:
    out_path = tmp_path / "out.jsonl"

    def respond(_: Endpoint, payload: bytes) -> Step:
        return error_answer(500, "server_error") if b'"unlucky"' in payload else good_answer()

    sent = await send_all(
        out_path, Lines(*map(line, ["a", "unlucky", "b"])), instant(responder=respond)
    )

    assert sent.ended_by is None
    assert sent.unsettled == {"server_error": 1}
    assert sorted(ids_in(out_path)) == ["a", "b"]
    assert ids_in(result_paths(out_path).errors) == []


async def test_fatal_error_leaves_the_rest_unsettled(tmp_path: Path) -> None:
    out_path = tmp_path / "out.jsonl"
    transport = instant([good_answer(), error_answer(401, "invalid_api_key")])

    sent = await send_all(out_path, Lines(*map(line, "abcd")), transport, workers=1)

    assert isinstance(sent.ended_by, FatalError)
    assert sent.ids == ["a", "b"]
    assert ids_in(out_path) == ["a"]
    assert ids_in(result_paths(out_path).errors) == []


async def test_bad_line_of_a_stream_ends_it_after_those_before_have_landed(tmp_path: Path) -> None:
    out_path = tmp_path / "out.jsonl"

    sent = await send_all(out_path, Lines(line("a"), line("b"), b"{", line("c")))

    assert isinstance(sent.ended_by, ConfigError)
    assert "standard input, line 3: found {" in str(sent.ended_by)
    assert sorted(ids_in(out_path)) == ["a", "b"]


async def test_bad_lines_and_repeated_ids_of_a_stream_may_be_left_out(tmp_path: Path) -> None:
    out_path = tmp_path / "out.jsonl"

    sent = await send_all(out_path, Lines(line("a"), b"{", line("a"), b" ", line("c")), skips=True)

    assert sent.ended_by is None
    assert sent.counts.bad == 2
    assert sorted(ids_in(out_path)) == ["a", "c"]


async def test_stop_wakes_workers_that_wait_for_a_line(tmp_path: Path) -> None:
    stopping = Stopping()
    lines = Lines(line("a"), stays_open=True)
    reason = InterruptedRunError(15)

    async with asyncio.TaskGroup() as group:
        sending = group.create_task(send_all(tmp_path / "out.jsonl", lines, stopping=stopping))
        await lines.is_waited_for.wait()
        stopping.request(reason)

    assert sending.result().ended_by is reason
    assert ids_in(tmp_path / "out.jsonl") == ["a"]


async def test_worker_draws_nothing_before_its_reply_is_on_disk(tmp_path: Path) -> None:
    out_path = tmp_path / "out.jsonl"
    written_counts = []

    def respond(_: Endpoint, __: bytes) -> Step:
        written_counts.append(len(ids_in(out_path)))
        return good_answer()

    transport = instant(responder=respond)
    await send_all(out_path, Lines(*map(line, "abcd")), transport, workers=1)

    assert written_counts == [0, 1, 2, 3]


async def test_full_disk_buys_nothing_further(tmp_path: Path) -> None:
    class FullDisk(ResultFiles):
        def keep(self, outcome: Outcome) -> Awaitable[None]:
            raise StorageError("the disk is full")

    transport = instant()
    results = FullDisk(result_paths(tmp_path / "out.jsonl"))

    sent = await send_all(
        tmp_path / "out.jsonl", Lines(*map(line, "abcdef")), transport, workers=1, results=results
    )

    assert isinstance(sent.ended_by, StorageError)
    assert sent.ids == ["a"]


async def test_body_on_several_lines_becomes_one(tmp_path: Path) -> None:
    out_path = tmp_path / "out.jsonl"
    answer = good_answer()
    assert isinstance(answer, HttpResponse)
    assert b"\n" in answer.body

    await send_all(out_path, Lines(line("a")), instant([answer]))

    [text] = out_path.read_bytes().splitlines()
    assert orjson.loads(text)["response"]["body"] == orjson.loads(answer.body)
