"""Batches over real sockets to every ending that the stand-in knows: all settled, bought once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine.batch.client import BatchClient
from engine.batch.collecting.collector import Sink
from engine.batch.desk import BatchDesk
from engine.batch.folder import BatchFolder
from engine.batch.open_desk import DeskOrder, open_desk
from engine.clock import SystemClock
from engine.errors import FatalError, TransientError
from engine.spending.budget import Budget
from engine.stopping import Stopping
from engine.testing.calls import chat_request
from engine.wire.endpoints import Endpoint
from engine.wire.prices import make_price
from schemas.outcomes import Completed, Failed, Outcome
from schemas.requests import Request
from schemas.settings import BatchSettings
from tests.openai_server.config import ServerConfig
from tests.openai_server.server import OpenAIServer

MODEL = "gpt-4.1-mini"
COUNT = 60
MOST_ROUNDS = 100
PAUSE_S = 0.03


class Ended(NamedTuple):
    """What a job of so many requests came to."""

    settled: dict[str, Outcome]
    round_count: int
    totals: dict[str, Any]
    files_left: int

    @property
    def codes(self) -> Counter[str]:
        outcomes = self.settled.values()
        return Counter(o.code if isinstance(o, Failed) else "completed" for o in outcomes)


def make_requests(count: int) -> list[Request]:
    return [
        chat_request(f"What of {number}?", model=MODEL, output_tokens=200)
        for number in range(count)
    ]


@asynccontextmanager
async def opened_desk(
    server: OpenAIServer, folder: Path, settled: dict[str, Outcome], **settings: Any
) -> AsyncIterator[BatchDesk]:
    async def keep_each(outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            assert outcome.request_id not in settled
            settled[outcome.request_id] = outcome

    price, clock = make_price({}), SystemClock()
    endpoint = Endpoint(server.base_url, server.api_key)
    client = BatchClient(endpoint, timeout_s=5.0, clock=clock)
    order = DeskOrder(
        folder=BatchFolder(folder / "batches.jsonl", folder / "batches", "run-id"),
        endpoint=endpoint,
        settings=BatchSettings(settle_s=0.02, **settings),
        state_dir=folder / "state",
        price=price,
        budget=Budget(cap_usd=None, spent_usd=0.0, price=price),
        sink=Sink(keep_each, lambda ids: settled.keys() & ids),
        enlarges_truncated=True,
        clock=clock,
        stopping=Stopping(),
    )
    async with aclosing(client), open_desk(client, order) as desk:
        yield desk


async def work_off(folder: Path, config: dict[str, Any], **settings: Any) -> Ended:
    """Round after round until all requests are settled."""
    requests, settled = make_requests(COUNT), dict[str, Outcome]()
    round_count = 0
    async with OpenAIServer(ServerConfig.model_validate(config)) as server:
        async with opened_desk(server, folder, settled, **settings) as desk:
            while len(settled) < COUNT or desk.out:
                round_count += 1
                assert round_count < MOST_ROUNDS
                try:
                    await run_round(desk, requests, settled)
                except TransientError:
                    """The next round goes on."""
                await asyncio.sleep(PAUSE_S)
            while any(not batch.is_deleted for batch in desk.ledger.batches):
                await run_round(desk, requests, settled, is_last=True)
        files_left = sum(file.purpose != "assistants" for file in server.files.all())
        return Ended(settled, round_count, server.totals(), files_left)


async def run_round(
    desk: BatchDesk,
    requests: list[Request],
    settled: dict[str, Outcome],
    *,
    is_last: bool = False,
) -> None:
    try:
        await desk.collect()
    except TransientError:
        if not is_last:
            raise
    for request in requests:
        if request.request_id not in settled and not desk.is_out(request.request_id):
            await desk.spool(request)
    await desk.submit_outbox()


NOTHING_ODD: dict[str, Any] = {
    "plain": {},
    "many": {"others": 130, "others_between": 40},
    "error file id empty": {"is_null_error_file_empty": True},
    "expired": {"endings": {1: "expired", 2: "expired"}},
    "expired, the rest nowhere": {"endings": {1: "expired"}, "unanswered": "nowhere"},
    "cancelled by somebody": {"endings": {1: "cancelled"}},
    "failed twice": {"endings": {1: "failed", 2: "failed"}},
    "a limit of tokens": {"enqueued_tokens": {"*": 700}, "in_progress_s": 0.02},
    "batches an hour": {"batches_per_hour": 2, "hour_s": 0.3},
    "window": {"in_progress_s": 0.4, "window_s": 0.1},
}


@pytest.mark.parametrize("batches", NOTHING_ODD.values(), ids=NOTHING_ODD.keys())
async def test_however_batches_end_all_is_answered_and_nothing_is_bought_twice(
    batches: dict[str, Any], tmp_path: Path
) -> None:
    settings = {"max_requests": 20} if "window_s" not in batches else {}

    if "window_s" in batches:
        batches = {**batches, "answered_share": 0.9}
    ended = await work_off(tmp_path, {"batches": batches}, **settings)

    assert ended.codes == {"completed": COUNT}
    assert ended.totals["custom_ids_billed_twice"] == 0
    assert ended.files_left == 0


@pytest.mark.parametrize("missing_file", ["failed", "refused"])
async def test_file_that_cannot_be_seen_at_once_is_waited_for(
    missing_file: str, tmp_path: Path
) -> None:
    config = {"files": {"hidden_calls": 2}, "batches": {"missing_file": missing_file}}

    ended = await work_off(tmp_path, config)

    assert ended.codes == {"completed": COUNT}
    assert ended.totals["custom_ids_billed_twice"] == 0


async def test_every_kind_of_line_settles_its_request_in_the_end(tmp_path: Path) -> None:
    shares = {
        "http_400": 0.08,
        "http_429": 0.08,
        "http_500": 0.08,
        "request_timeout": 0.08,
        "status_0": 0.08,
        "missing": 0.08,
        "duplicate": 0.08,
        "unknown_custom_id": 0.08,
        "length": 0.08,
        "refusal": 0.08,
        "content_filter": 0.08,
    }

    ended = await work_off(tmp_path, {"batches": {"line_faults": shares, "seed": 3}})

    assert len(ended.settled) == COUNT
    assert {"completed", "refused"} <= ended.codes.keys()
    most_attempts = BatchSettings().max_attempts + 1  # one more after a reply that was cut off
    assert all(outcome.attempts <= most_attempts for outcome in ended.settled.values())
    assert ended.round_count < 30


async def test_batch_whose_lines_all_fail_is_told_and_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="the first 20 requests all failed for good"):
        await work_off(tmp_path, {"batches": {"line_faults": {"http_400": 1.0}}})


async def test_batches_refused_three_times_stop_the_run(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"3 batches in a row as a whole: server_error"):
        await work_off(tmp_path, {"batches": {"ending": "failed"}})


async def test_faults_of_every_slow_call_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    kinds = {"server_error": 0.1, "reset_before": 0.1, "reset_after": 0.15, "cut_off": 0.1}
    kinds |= {"html": 0.05, "empty": 0.05}
    operations = ["upload_file", "list_files", "retrieve_file", "download_file", "delete_file"]
    operations += ["create_batch", "list_batches", "retrieve_batch"]
    faults = {
        operation: {"probabilities": kinds, "seed": seed}
        for seed, operation in enumerate(operations)
    }

    ended = await work_off(tmp_path, {"slow_faults": faults}, max_requests=15)

    assert all(isinstance(outcome, Completed) for outcome in ended.settled.values())
    assert ended.totals["custom_ids_billed_twice"] == 0
    assert ended.files_left == 0
