"""The engine as a library, against the stand-in over real sockets."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import (
    Ask,
    Endpoint,
    Failed,
    LimitSettings,
    Record,
    Rejection,
    Request,
    make_chat_request,
    open_engine,
    reply_text,
)
from engine.errors import ConfigError, QuotaError, RunInUseError
from engine.files.records import read_records
from tests.openai_server import Latency, OpenAIServer, ServerConfig

MODEL = "gpt-4.1-mini"


def requests(count: int) -> Iterator[Request]:
    for number in range(count):
        messages = [{"role": "user", "content": f"What of {number}?"}]
        yield make_chat_request(f"n{number}", messages, model=MODEL, max_output_tokens=100)


async def test_folder_goes_on_where_it_was_and_buys_nothing_twice(tmp_path: Path) -> None:
    async with OpenAIServer() as server:
        endpoint = Endpoint(server.base_url, server.api_key)
        async with open_engine(tmp_path / "calls", endpoint) as engine:
            first = await engine.ask_all(requests(50))
            first_usd = engine.budget.spent_usd
        async with open_engine(tmp_path / "calls", endpoint) as engine:
            second = await engine.ask_all(requests(80))
            stats, spent_usd = engine.stats.snapshot(), engine.budget.spent_usd
        call_count = len(server.calls)

    assert call_count == 80
    assert stats.settled == 30
    assert [o.request_id for o in second] == [r.request_id for r in requests(80)]
    assert [reply_text(o.reply or {}) for o in second[:50]] == [
        reply_text(o.reply or {}) for o in first
    ]
    assert 0 < first_usd < spent_usd


async def test_budget_holds_for_all_calls_on_a_folder_together(tmp_path: Path) -> None:
    async with OpenAIServer() as server:
        endpoint = Endpoint(server.base_url, server.api_key)
        for _ in range(2):
            async with open_engine(tmp_path, endpoint, budget_usd=0.005) as engine:
                with pytest.raises(QuotaError, match=r"\$0.0050 has no room"):
                    await engine.ask_all(requests(500))
                spent_usd = engine.budget.spent_usd
        call_count = len(server.calls)

    assert 0 < call_count < 500
    assert 0 < spent_usd <= 0.005


async def test_folder_is_open_once_at_a_time(tmp_path: Path) -> None:
    endpoint = Endpoint("http://127.0.0.1:1/v1")

    async with open_engine(tmp_path, endpoint):
        with pytest.raises(RunInUseError, match="in use by process"):
            async with open_engine(tmp_path, endpoint):
                """Never entered."""


async def test_no_more_requests_are_in_flight_than_the_limit_allows(tmp_path: Path) -> None:
    async with OpenAIServer(ServerConfig(latency=Latency(median_s=0.05))) as server:
        endpoint = Endpoint(server.base_url, server.api_key)
        limits = LimitSettings(max_in_flight=3)
        async with open_engine(tmp_path, endpoint, limits=limits) as engine:
            await engine.ask_all(requests(30))
        most = server.totals()["max_in_flight"]

    assert most == 3


def test_no_signal_is_needed_so_that_it_runs_in_any_thread(tmp_path: Path) -> None:
    counts: list[int] = []

    async def ask() -> None:
        async with OpenAIServer() as server:
            endpoint = Endpoint(server.base_url, server.api_key)
            async with open_engine(tmp_path, endpoint) as engine:
                counts.append(len(await engine.ask_all(requests(3))))

    thread = threading.Thread(target=asyncio.run, args=(ask(),))
    thread.start()
    thread.join()

    assert counts == [3]


class Review(Record):
    review_id: str
    text: str


class Verdict(Record):
    review_id: str
    verdict: str


async def judge(review: Review, ask: Ask) -> list[Verdict | Rejection]:
    messages = [{"role": "user", "content": f"Is it kind? {review.text}"}]
    outcome = await ask(
        make_chat_request(review.review_id, messages, model=MODEL, max_output_tokens=100)
    )
    if isinstance(outcome, Failed):
        return [Rejection.of(review.review_id, stage="verdicts", reason=outcome.code)]
    return [Verdict(review_id=review.review_id, verdict=reply_text(outcome.reply))]


def reviews(count: int) -> Iterator[Review]:
    return (Review(review_id=f"r/{n}", text=f"Fine soup number {n}.") for n in range(count))


async def test_stage_of_ones_own_does_each_item_once(tmp_path: Path) -> None:
    async with OpenAIServer() as server:
        endpoint = Endpoint(server.base_url, server.api_key)
        async with open_engine(tmp_path, endpoint) as engine:
            first = await engine.run_stage("verdicts", reviews(5), judge, result=Verdict)
        async with open_engine(tmp_path, endpoint) as engine:
            second = await engine.run_stage("verdicts", reviews(9), judge, result=Verdict)
        call_count = len(server.calls)

    verdicts = list(read_records(tmp_path / "verdicts.jsonl", Verdict))
    assert (first.finished_count, second.finished_count, call_count) == (5, 4, 9)
    assert {verdict.review_id for verdict in verdicts} == {f"r/{n}" for n in range(9)}
    assert all(verdict.verdict for verdict in verdicts)


@pytest.mark.parametrize("name", ["journal", "rejected", "../elsewhere", "Verdicts"])
async def test_stage_does_not_write_over_what_is_not_its_own(tmp_path: Path, name: str) -> None:
    async with open_engine(tmp_path, Endpoint("http://127.0.0.1:1/v1")) as engine:
        with pytest.raises(ConfigError, match="name"):
            await engine.run_stage(name, reviews(1), judge, result=Verdict)


async def test_folder_of_a_run_of_distill_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").touch()

    with pytest.raises(ConfigError, match="is the folder of a run of distill"):
        async with open_engine(tmp_path, Endpoint("http://127.0.0.1:1/v1")):
            """Never entered."""
