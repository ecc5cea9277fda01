"""Scores answers: each answer by each metric, a failure as a row with its reason."""

import asyncio
import importlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import NamedTuple

from engine.ask import Ask
from engine.errors import ConfigError
from engine.extras import install_command
from engine.files.records import read_records
from engine.servers import OWN_SERVER
from engine.stage import StageFiles
from jobs.evaluation.answer_samples import MODEL_ANSWERS, contest_answers
from jobs.evaluation.judging.embeddings import PURPOSE as EMBEDDING_PURPOSE
from jobs.evaluation.judging.judge import PURPOSE, JudgePolicy, UnscoredError
from jobs.evaluation.judging.metrics import Measured, Measuring, measure
from jobs.evaluation.questions.build_samples import SAMPLES
from jobs.evaluation.score_tasks import (
    ScoreTask,
    embedding_model,
    judge_model,
    judge_prompt_hash,
    score_tasks,
)
from jobs.run.stages import Items, ItemWork, Stage, StageContext
from jobs.settings.roles import RoleModel, embeddings_of, judge_cache, judge_of
from schemas.evaluation import Contest, Sample, Score
from schemas.settings import RunSettings

NO_TRACKING = ("RAGAS_DO_NOT_TRACK", "true")  # exactly this word, before the first import


def check_scoring(settings: RunSettings) -> None:
    """Check that the scorer is there before anything is paid for.

    Raises:
        ConfigError: ragas is to score and is not installed.
    """
    if settings.evaluation.scorer == "ragas" and find_spec("ragas") is None:
        raise ConfigError(
            f"evaluation.scorer is ragas, which is not installed: {install_command('ragas')}, or "
            "score without it: --scorer builtin"
        )


class Scoring(NamedTuple):
    """How answers are scored. `ragas_version` empty: by this project's own steps."""

    settings: RunSettings
    policy: JudgePolicy
    embeddings: RoleModel
    ragas_version: str


async def load_scoring(settings: RunSettings) -> Scoring:
    """What `score_answer` needs. Imports ragas, which takes seconds, if it is to score."""
    version = await _import_ragas() if settings.evaluation.scorer == "ragas" else ""
    return Scoring(settings, judge_policy(settings), embeddings_of(settings), version)


def judge_policy(settings: RunSettings) -> JudgePolicy:
    """How the judge of these settings is asked."""
    chosen, judge = settings.evaluation, judge_of(settings)
    return JudgePolicy(
        model=judge.model,
        server=judge.server,
        output=chosen.judge_output,
        max_output_tokens=chosen.judge_max_output_tokens,
        temperature=chosen.temperature,
        is_bounded=settings.teacher.is_local and judge.server == OWN_SERVER,
        parameters=dict(judge.parameters),
        cache=judge_cache(settings),
    )


async def _import_ragas() -> str:
    os.environ.update([NO_TRACKING])
    await asyncio.to_thread(importlib.import_module, "jobs.evaluation.ragas_scoring.metrics")
    from jobs.evaluation.ragas_scoring.metrics import RAGAS_VERSION

    return RAGAS_VERSION


async def score_answer(task: ScoreTask, ask: Ask, scoring: Scoring) -> list[Score]:
    """1 task in, 1 score out; one that could not be measured says why. Raises what `ask` raises."""
    using = Measuring(task.score_id, ask, scoring.policy, scoring.embeddings)
    measured, problem = None, ""
    try:
        measured = await _measure(task, using, is_ragas=bool(scoring.ragas_version))
    except UnscoredError as error:
        problem = str(error)
    return [
        Score(
            score_id=task.score_id,
            answer_id=task.answer.answer_id,
            sample_id=task.sample.sample_id,
            role=task.answer.role,
            mode=task.answer.mode,
            metric=task.metric,
            value=measured.value if measured else None,
            problem=problem,
            judge_model=judge_model(task.metric, scoring.settings),
            embedding_model=embedding_model(task.metric, scoring.settings),
            ragas_version=scoring.ragas_version,
            prompt_hash=judge_prompt_hash(task.metric, scoring.settings),
            findings=measured.findings if measured else (),
        )
    ]


async def _measure(task: ScoreTask, using: Measuring, *, is_ragas: bool) -> Measured:
    if not is_ragas:
        return await measure(task.metric, task.sample, task.answer, using)
    from jobs.evaluation.ragas_scoring.metrics import measure_faithfulness, measure_relevancy

    by_ragas = measure_faithfulness if task.metric == "faithfulness" else measure_relevancy
    return Measured(await by_ragas(task.sample, task.answer.text, using))


def _list_tasks(context: StageContext[Contest], files: StageFiles[Score]) -> Items[ScoreTask]:
    samples = list(read_records(context.folder.results_path(SAMPLES.name), Sample))
    tasks = list(score_tasks(samples, contest_answers(context), context.settings))
    unfinished = [task for task in tasks if files.is_unfinished(task.score_id)]
    return Items(unfinished, len(tasks), len(tasks) - len(unfinished))


@asynccontextmanager
async def _open_scoring(
    context: StageContext[Contest], _: StageFiles[Score]
) -> AsyncIterator[Scoring]:
    yield await load_scoring(context.settings)


def _is_unscored(score: Score) -> bool:
    return score.value is None


REQUESTS_PER_SCORE = 3.0  # relevancy: three of the judge and two for vectors; faithfulness: two


def _requests_per_score(_: RunSettings) -> float:
    return REQUESTS_PER_SCORE


SCORES: Stage[Contest] = Stage(
    name="evaluation/scores",
    label="scores",
    result=Score,
    reads=(SAMPLES.name, MODEL_ANSWERS.name),
    work=ItemWork(
        items=_list_tasks,
        needs=_open_scoring,
        work=score_answer,
        requests_per_item=_requests_per_score,
    ),
    purposes=(PURPOSE, EMBEDDING_PURPOSE),
    keeps_former_results=True,
    is_failed_result=_is_unscored,
)
