"""Scores through the engine: against ragas's own client, over batch rounds, and what fails."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from engine.ask import Ask
from engine.errors import AuthError, Deferred
from engine.stopping import Stopping
from engine.testing.calls import completed, failed
from engine.wire.endpoints import Endpoint
from jobs.evaluation.score_answers import NO_TRACKING, Scoring, load_scoring, score_answer
from jobs.evaluation.score_tasks import ScoreTask
from jobs.run.run_engine import open_run_engine
from schemas.evaluation import ALWAYS, Metric
from schemas.outcomes import Outcome
from schemas.requests import CHAT_COMPLETIONS, Json, Request
from tests.integration.jobs.evaluation.scoring import RoundsAsk, make_answer, make_tasks
from tests.integration.jobs.evaluation.workshop import Workshop
from tests.openai_server import OpenAIServer
from tests.unit.jobs.evaluation.made_run import SUBJECTS, make_run, make_settings

Scores = dict[tuple[str, Metric], float | None]


async def score_all(tasks: list[ScoreTask], scoring: Scoring, ask: Ask) -> Scores:
    scores = [(await score_answer(task, ask, scoring))[0] for task in tasks]
    assert [score.problem for score in scores if score.value is None] == []
    return {(score.sample_id, score.metric): score.value for score in scores}


async def score_by_stock_ragas(tasks: list[ScoreTask], server: OpenAIServer) -> Scores:
    """The same by the client that ragas's documentation names."""
    os.environ.update([NO_TRACKING])
    from openai import AsyncOpenAI
    from ragas.embeddings.base import embedding_factory
    from ragas.llms.base import llm_factory
    from ragas.metrics.collections import AnswerRelevancy, Faithfulness

    scores: Scores = {}
    async with AsyncOpenAI(base_url=server.base_url, api_key=server.api_key) as client:
        llm = llm_factory("gpt-4o-mini", client=client, max_tokens=4096)
        embeddings = embedding_factory("openai", "text-embedding-3-small", client=client)
        faithfulness, relevancy = Faithfulness(llm=llm), AnswerRelevancy(llm, embeddings)
        for task in tasks:
            question, text = task.sample.question, task.answer.text
            if task.metric == "faithfulness":
                result = await faithfulness.ascore(question, text, [task.sample.context])
            else:
                result = await relevancy.ascore(question, text)
            scores[task.sample.sample_id, task.metric] = result.value
    return scores


@pytest.mark.filterwarnings(  # ragas's own client does not close the file of its user's name
    "ignore:.*uuid.json:pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("scorer", ["builtin", "ragas"])
@pytest.mark.parametrize("output", ["json_schema", "json_object"])
async def test_scores_are_those_of_ragas_own_client_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, scorer: str
) -> None:
    """The judge is asked in other words by the built-in scorer; it gives the same replies."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))  # where that file is
    settings = make_settings(
        f"evaluation.judge_output={output}", f"evaluation.scorer={scorer}", "limits.max_in_flight=1"
    )
    folder, tasks = make_run(tmp_path / "run", settings), make_tasks(settings, metrics=ALWAYS)
    scoring, workshop = await load_scoring(settings), Workshop()

    async with OpenAIServer(responder=workshop) as server:
        endpoint = Endpoint(server.base_url, server.api_key)
        async with open_run_engine(folder, settings, [endpoint], Stopping()) as engine:
            ours = await score_all(tasks, scoring, engine.ask)
            call_count = len(server.calls)
            again = await score_all(tasks, scoring, engine.ask)
        resumed_count = len(server.calls)
        workshop.seen.clear()
        theirs = await score_by_stock_ragas(tasks, server)

    assert ours == theirs
    assert again == ours
    assert resumed_count == call_count
    assert len({value for value in ours.values()}) > len(SUBJECTS) / 2
    assert {0.0, 0.5, 1.0} <= {value for (_, metric), value in ours.items() if metric[0] == "f"}


@pytest.mark.parametrize("scorer", ["builtin", "ragas"])
async def test_two_hundred_samples_with_both_metrics_settle_in_two_batch_rounds(
    scorer: str,
) -> None:
    settings = make_settings(f"evaluation.scorer={scorer}")
    left, ask, round_count = make_tasks(settings, 200, metrics=ALWAYS), RoundsAsk(), 0
    scoring = await load_scoring(settings)
    values: list[float | None] = []

    while left:
        deferred = []
        for task in left:
            try:
                values.append((await score_answer(task, ask, scoring))[0].value)
            except Deferred:
                deferred.append(task)
        if left := deferred:
            ask.settle_round()
            round_count += 1

    assert round_count == 2
    assert len(values) == 400
    assert None not in values
    assert len(ask.settled) == 200 * (3 + 2 + 2)


@pytest.mark.parametrize("scorer", ["builtin", "ragas"])
@pytest.mark.parametrize("metric", ALWAYS)
@pytest.mark.parametrize("error", [Deferred(), AuthError("the key is gone")])
async def test_what_ends_or_defers_an_item_passes_through_the_scorer_untouched(
    metric: Metric, error: BaseException, scorer: str
) -> None:
    settings = make_settings(f"evaluation.scorer={scorer}")
    (task,), scoring = make_tasks(settings, 1, metrics=[metric]), await load_scoring(settings)

    async def ask(_: Request) -> Outcome:
        raise error

    with pytest.raises(type(error)) as raised:
        await score_answer(task, ask, scoring)

    assert raised.value is error


def refused(request: Request) -> Outcome:
    return failed(request, "content_filter", message="not this", status=200)


def said(text: str) -> Callable[[Request], Outcome]:
    def reply(request: Request) -> Outcome:
        return completed(request, {"choices": [{"message": {"content": text}}], "data": [{}]})

    return reply


@pytest.mark.parametrize(("scorer", "version"), [("builtin", ""), ("ragas", "0.4.3")])
@pytest.mark.parametrize(
    ("metric", "outcome", "answer", "problem"),
    [
        ("faithfulness", refused, "An answer.", "judge: content_filter: not this"),
        ("answer_relevancy", said("no JSON"), "An answer.", "judge: malformed_output: "),
        ("faithfulness", said('{"statements": 5}'), "An answer.", "judge: malformed_output: "),
        ("faithfulness", said('{"statements": []}'), "An answer.", "found no statement"),
        (
            "answer_relevancy",
            said('{"question": "What?", "noncommittal": 0}'),
            "An answer.",
            "embeddings: malformed_embeddings",
        ),
        ("answer_relevancy", refused, "", "the answer is empty"),
    ],
)
async def test_answer_that_cannot_be_scored_is_a_row_with_the_reason(
    metric: Metric,
    outcome: Callable[[Request], Outcome],
    answer: str,
    problem: str,
    scorer: str,
    version: str,
) -> None:
    settings = make_settings(f"evaluation.scorer={scorer}")
    (task,) = make_tasks(settings, 1, metrics=[metric])
    silent = task.model_copy(update={"answer": make_answer(task.sample.sample_id, answer)})

    async def ask(request: Request) -> Outcome:
        return outcome(request)

    (score,) = await score_answer(silent, ask, await load_scoring(settings))

    assert score.value is None
    assert problem in score.problem
    assert score.ragas_version == version
    assert score.judge_model == "gpt-4o-mini"


@pytest.mark.parametrize("scorer", ["builtin", "ragas"])
async def test_vectors_of_two_models_are_a_row_with_the_reason(scorer: str) -> None:
    settings = make_settings(f"evaluation.scorer={scorer}")
    (task,) = make_tasks(settings, 1, metrics=["answer_relevancy"])
    asked = said('{"question": "What?", "noncommittal": 0}')

    async def ask(request: Request) -> Outcome:
        if request.url == CHAT_COMPLETIONS:
            return asked(request)
        count = len(orjson.loads(request.payload)["input"])
        rows: list[Json] = [{"embedding": [1.0] * (count + 1)} for _ in range(count)]
        return completed(request, {"data": rows})

    (score,) = await score_answer(task, ask, await load_scoring(settings))

    assert score.value is None
    assert "vectors of 2 numbers and of 4" in score.problem


@pytest.mark.parametrize("scorer", ["builtin", "ragas"])
async def test_reply_of_the_wrong_form_is_asked_for_again_under_its_own_number(
    scorer: str,
) -> None:
    settings = make_settings(f"evaluation.scorer={scorer}")
    (task,) = make_tasks(settings, 1, metrics=["answer_relevancy"])
    rounds = RoundsAsk()
    spoilt: list[str] = []

    async def ask(request: Request) -> Outcome:
        with contextlib.suppress(Deferred):
            return await rounds(request)
        rounds.settle_round()
        if request.url == CHAT_COMPLETIONS and len(spoilt) < 2:
            spoilt.append(request.request_id)
            rounds.settled[request.request_id] = said("no JSON")(request)
        return await rounds(request)

    (score,) = await score_answer(task, ask, await load_scoring(settings))
    (again,) = await score_answer(task, rounds, await load_scoring(settings))

    assert task.metric == "answer_relevancy"
    assert score.value is not None
    assert again == score
    assert len(rounds.settled) == 3 + 2 + 2


async def test_ragas_reports_to_nobody() -> None:
    await load_scoring(make_settings("evaluation.scorer=ragas"))

    from ragas._analytics import do_not_track

    assert os.environ["RAGAS_DO_NOT_TRACK"] == "true"
    assert do_not_track()


IMPORT = "import sys, jobs.evaluation.evaluate; print(*sorted({'ragas', 'bm25s'} & {*sys.modules}))"
SCORE_ONE = """
import asyncio, sys
from jobs.evaluation.score_answers import load_scoring, score_answer
from tests.integration.jobs.evaluation.scoring import RoundsAsk, make_tasks
from tests.unit.jobs.evaluation.made_run import make_settings
from engine.errors import Deferred

async def score():
    ask, settings = RoundsAsk(), make_settings()
    scoring = await load_scoring(settings)
    for task in make_tasks(settings, 1):
        while True:
            try:
                (score,) = await score_answer(task, ask, scoring)
            except Deferred:
                ask.settle_round()
            else:
                break
        assert score.value is not None, score
asyncio.run(score())
print(*sorted({"ragas", "bm25s", "langchain_core", "pandas"} & {*sys.modules}))
"""


@pytest.mark.parametrize("code", [IMPORT, SCORE_ONE])
def test_nothing_heavy_is_imported_to_evaluate_and_to_score(code: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        check=True,
    )

    assert loaded.stdout.strip() == b""
