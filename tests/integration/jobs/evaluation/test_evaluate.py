"""`distill evaluate` from samples to scores, against the stand-in over real sockets."""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from engine.errors import QuotaError
from engine.run_folder import RunFolder
from engine.wire.endpoints import Endpoint
from jobs.evaluation.evaluate import EvaluationOrder, evaluate
from jobs.evaluation.read_evaluation import read_evaluation
from jobs.run.lanes import LaneOrder
from schemas.evaluation import Metric, Role
from schemas.settings import RunSettings
from tests.crash.runs import size_of
from tests.forked import DEVNULL, ForkedProcess
from tests.integration.jobs.evaluation.workshop import Workshop
from tests.openai_server import Faults, ModelCard, OpenAIServer, ServerConfig
from tests.unit.jobs.evaluation.made_run import make_run, make_settings

MODELS = ("gpt-4.1-mini", "gpt-4o-mini", "gpt-6-luna", "ft:tuned")
SETTINGS = ("baseline.model=gpt-6-luna", "tuned.model=ft:tuned")

Values = dict[tuple[str, Role, Metric], float | None]


def make_server(**changes: object) -> OpenAIServer:
    cards = [ModelCard(id=name, context_tokens=100_000, caches_prompts=False) for name in MODELS]
    embeddings = ModelCard(id="text-embedding-3-small", dimensions=64)
    config = ServerConfig(models=(*cards, embeddings)).changed(changes)
    return OpenAIServer(config, responder=Workshop(is_constant=True))


def make_order(run_dir: Path, server: OpenAIServer, *assignments: str) -> EvaluationOrder:
    settings = make_settings(*SETTINGS, *assignments)
    folder = RunFolder(run_dir)
    if not folder.is_begun:
        make_run(run_dir, settings)
    return EvaluationOrder(folder, settings, [Endpoint(server.base_url, server.api_key)])


def values(folder: RunFolder, settings: RunSettings) -> Values:
    scores = read_evaluation(folder, settings).scores
    return {(score.sample_id, score.role, score.metric): score.value for score in scores}


async def test_every_sample_is_answered_by_every_model_and_scored(tmp_path: Path) -> None:
    async with make_server() as server:
        order = make_order(tmp_path / "run", server)
        end = await evaluate(order)
        call_count = len(server.calls)
        again = await evaluate(order)

        assert (end.is_done, again.is_done) == (True, True)
        assert len(server.calls) == call_count
    samples, answers, scores, pairs = read_evaluation(order.folder, order.settings)
    slices = Counter(sample.slice for sample in samples)
    assert slices["held_out_document"] == slices["unanswerable"] == 3
    assert slices["new_question"] >= 2  # others repeat a row by their evidence
    assert len(answers) == 3 * len(samples)
    assert {a.model for a in answers} == {"gpt-6-luna", "ft:tuned", "gpt-4.1-mini"}
    assert len(scores) == 2 * 3 * (len(samples) - 3) + 3 * 3
    assert not pairs
    assert all(score.value is not None for score in scores)
    unanswerable = {sample.sample_id for sample in samples if sample.slice == "unanswerable"}
    held_out = {sample.sample_id for sample in samples if sample.slice == "held_out_document"}
    assert all(a.is_refusal for a in answers if a.sample_id in unanswerable)
    assert not any(a.is_refusal for a in answers if a.sample_id in held_out)


async def test_evaluation_that_ran_out_of_money_goes_on_and_pays_for_nothing_twice(
    tmp_path: Path,
) -> None:
    prices = 'prices={"ft:tuned"={input=1,output=1}}'
    async with make_server() as server:
        whole = make_order(tmp_path / "whole", server, prices)
        await evaluate(whole)
        whole_count = len(server.calls)

        poor = make_order(tmp_path / "run", server, prices, "budget.usd=0.01")
        with pytest.raises(QuotaError):
            await evaluate(poor)
        poor_count = len(server.calls) - whole_count
        rich = make_order(tmp_path / "run", server, prices, "budget.usd=50")
        await evaluate(rich)

    assert 0 < poor_count < whole_count
    assert len(server.calls) == 2 * whole_count
    assert values(rich.folder, rich.settings) == values(whole.folder, whole.settings)


@pytest.mark.parametrize("journal_kb", [30, 120])
async def test_killed_evaluation_goes_on_to_the_same_scores(
    tmp_path: Path, journal_kb: int
) -> None:
    max_in_flight = 4
    async with make_server() as server:
        whole = make_order(tmp_path / "whole", server)
        await evaluate(whole)
        whole_count = len(server.calls)
        order = make_order(tmp_path / "run", server, f"limits.max_in_flight={max_in_flight}")

        was_killed = await kill_at(order, server, journal_kb * 1000)
        await evaluate(order)

    assert was_killed
    assert len(server.calls) <= 2 * whole_count + max_in_flight * 4
    assert values(order.folder, order.settings) == values(whole.folder, whole.settings)


async def kill_at(order: EvaluationOrder, server: OpenAIServer, journal_bytes: int) -> bool:
    """SIGKILL the command as soon as its journal has so many bytes; False if it ended before."""
    environment = {**os.environ, "OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": ""}
    flags = ("--base-url", server.base_url, "--max-in-flight", "4")
    process = ForkedProcess(
        ["-m", "jobs", "evaluate", str(order.folder.run_dir), *flags],
        env=environment,
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    while process.poll() is None and size_of(order.folder.journal_path) < journal_bytes:
        await asyncio.sleep(0.002)
    process.kill()
    return await asyncio.to_thread(process.wait) == -signal.SIGKILL


async def test_batches_come_to_the_same_scores_as_live_calls(tmp_path: Path) -> None:
    fast = ("batch.poll_s=0.05", "batch.max_poll_s=0.1", "batch.settle_s=0")
    async with make_server() as server:
        live = make_order(tmp_path / "live", server, *fast)
        await evaluate(live)
        live_count = len(server.calls)
        batch = make_order(tmp_path / "batch", server, *fast)
        end = await evaluate(batch._replace(lane=LaneOrder("batch", state_dir=tmp_path / "state")))

    assert end.is_done
    assert values(batch.folder, batch.settings) == values(live.folder, live.settings)
    assert len(server.calls) == live_count
    totals = server.totals()
    assert totals["batch_billed"] == live_count
    assert totals["custom_ids_billed_twice"] == 0


async def test_rounds_that_do_not_wait_come_to_the_same_end_and_buy_nothing_twice(
    tmp_path: Path,
) -> None:
    fast = ("batch.poll_s=0.05", "batch.max_poll_s=0.05", "batch.settle_s=0")
    lane = LaneOrder("batch", waits=False, state_dir=tmp_path / "state")
    async with make_server() as server:
        live = make_order(tmp_path / "live", server)
        await evaluate(live)
        live_count = len(server.calls)
        order = make_order(tmp_path / "batch", server, *fast)._replace(lane=lane)
        ends = [await evaluate(order)]
        while not ends[-1].is_done and len(ends) < 200:
            await asyncio.sleep(0.05)
            ends.append(await evaluate(order))

    assert ends[-1].is_done
    assert len(ends) > 3
    assert values(order.folder, order.settings) == values(live.folder, live.settings)
    totals = server.totals()
    assert totals["batch_billed"] == live_count
    assert totals["custom_ids_billed_twice"] == 0


async def test_only_what_failed_is_asked_again(tmp_path: Path) -> None:
    async with make_server() as server:
        await server.configure(
            server.config.changed({"faults": Faults(probabilities={"content_filter": 0.2}, seed=3)})
        )
        order = make_order(tmp_path / "run", server)
        await evaluate(order)
        spoilt = read_evaluation(order.folder, order.settings)
        await server.configure(server.config.changed({"faults": Faults()}))
        await evaluate(order)
        untouched = read_evaluation(order.folder, order.settings)
        await evaluate(order._replace(retries_failed=True))
        mended = read_evaluation(order.folder, order.settings)

    assert untouched == spoilt
    assert any(score.value is None for score in spoilt.scores)
    assert {score.problem.split(":")[1] for score in spoilt.scores if score.problem} == {" refused"}
    assert len(spoilt.answers) < len(mended.answers) == 3 * len(mended.samples)
    assert all(score.value is not None for score in mended.scores)
    # A new question that came late may be the text that an unanswerable one is asked with.
    samples = {sample.sample_id for sample in mended.samples}
    scored = [s for s in spoilt.scores if s.value is not None and s.sample_id in samples]
    kept = {score.score_id: score for score in scored}
    assert len(kept) > len(samples)
    assert kept.items() <= {s.score_id: s for s in mended.scores}.items()
