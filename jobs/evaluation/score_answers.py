"""Scores answers with ragas: each answer by each metric, a failure as a row with its reason."""

import asyncio
import importlib
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from engine.ask import Ask
from engine.errors import ConfigError
from engine.files.records import read_records
from engine.servers import OWN_SERVER
from engine.stage import StageFiles
from jobs.evaluation.answer_samples import MODEL_ANSWERS, contest_tasks
from jobs.evaluation.build_samples import SAMPLES
from jobs.run.stages import Items, ItemWork, Stage, StageContext
from jobs.settings.roles import RoleModel, embeddings_of, judge_cache, judge_of
from schemas.evaluation import METRICS, Contest, Metric, ModelAnswer, Sample, Score
from schemas.parameters import reply_parameters
from schemas.record import Record, content_id
from schemas.settings import RunSettings

if TYPE_CHECKING:
    from jobs.evaluation.ragas_scoring.judge import JudgePolicy

NO_TRACKING = ("RAGAS_DO_NOT_TRACK", "true")  # exactly this word, before the first import


class ScoreTask(Record):
    """An answer that is to be scored by one metric."""

    score_id: str
    sample: Sample
    answer: ModelAnswer
    metric: Metric


def check_scoring() -> None:
    """Check that ragas is there before anything is paid for.

    Raises:
        ConfigError: ragas is not installed.
    """
    if find_spec("ragas") is None:
        raise ConfigError(
            'scoring needs ragas, which is not installed: pip install "corpus-distill[evaluation]"'
        )


def score_tasks(
    samples: Iterable[Sample], answers: Sequence[ModelAnswer], settings: RunSettings
) -> Iterator[ScoreTask]:
    """Every answer by every metric, metric by metric: the calls of one share much of their prompt.

    Of unanswerable questions only refusals count: no scores.
    """
    scored = {sample.sample_id: sample for sample in samples if sample.slice != "unanswerable"}
    for metric in METRICS:
        for answer in answers:
            if (sample := scored.get(answer.sample_id)) is not None:
                yield ScoreTask(
                    score_id=_score_id(answer, metric, settings),
                    sample=sample,
                    answer=answer,
                    metric=metric,
                )


class Scoring(NamedTuple):
    """How answers are scored: the judge, and the version of ragas that was imported for it."""

    policy: "JudgePolicy"
    embeddings: RoleModel
    ragas_version: str


async def load_scoring(settings: RunSettings) -> Scoring:
    """What `score_answer` needs. Imports ragas, which takes seconds."""
    os.environ.update([NO_TRACKING])
    await asyncio.to_thread(importlib.import_module, "jobs.evaluation.ragas_scoring.metrics")
    from jobs.evaluation.ragas_scoring.judge import JudgePolicy
    from jobs.evaluation.ragas_scoring.metrics import RAGAS_VERSION

    chosen, judge = settings.evaluation, judge_of(settings)
    policy = JudgePolicy(
        model=judge.model,
        server=judge.server,
        output=chosen.judge_output,
        max_output_tokens=chosen.judge_max_output_tokens,
        temperature=chosen.temperature,
        is_bounded=settings.teacher.is_local and judge.server == OWN_SERVER,
        parameters=dict(judge.parameters),
        cache=judge_cache(settings),
    )
    return Scoring(policy, embeddings_of(settings), RAGAS_VERSION)


async def score_answer(task: ScoreTask, ask: Ask, scoring: Scoring) -> list[Score]:
    """1 task in, 1 score out; one that could not be measured says why. Raises what `ask` raises."""
    from jobs.evaluation.ragas_scoring.judge import UnscoredError
    from jobs.evaluation.ragas_scoring.metrics import measure

    value, problem = None, ""
    try:
        value = await measure(
            task.metric,
            task.score_id,
            sample=task.sample,
            answer=task.answer.text,
            ask=ask,
            policy=scoring.policy,
            embeddings=scoring.embeddings,
        )
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
            value=value,
            problem=problem,
            judge_model=scoring.policy.model,
            embedding_model=scoring.embeddings.model,
            ragas_version=scoring.ragas_version,
        )
    ]


def _score_id(answer: ModelAnswer, metric: Metric, settings: RunSettings) -> str:
    chosen = settings.evaluation
    parameters = judge_of(settings).parameters, embeddings_of(settings).parameters
    return content_id(
        "score",
        answer.answer_id,
        answer.text,
        metric,
        judge_of(settings).model,
        embeddings_of(settings).model,
        chosen.judge_output,
        chosen.judge_max_output_tokens,
        chosen.temperature,
        version("ragas"),
        *filter(None, map(reply_parameters, parameters)),
    )


def _list_tasks(context: StageContext[Contest], files: StageFiles[Score]) -> Items[ScoreTask]:
    samples = list(read_records(context.folder.results_path(SAMPLES.name), Sample))
    asked = [task.answer_id for task in contest_tasks(context)]
    path = context.folder.results_path(MODEL_ANSWERS.name)
    given = {
        answer.answer_id: answer
        for answer in read_records(path, ModelAnswer, is_wanted=frozenset(asked).__contains__)
    }
    answers = [given[answer_id] for answer_id in asked if answer_id in given]
    tasks = list(score_tasks(samples, answers, context.settings))
    unfinished = [task for task in tasks if files.is_unfinished(task.score_id)]
    return Items(unfinished, len(tasks), len(tasks) - len(unfinished))


@asynccontextmanager
async def _open_scoring(
    context: StageContext[Contest], _: StageFiles[Score]
) -> AsyncIterator[Scoring]:
    yield await load_scoring(context.settings)


def _is_unscored(score: Score) -> bool:
    return score.value is None


SCORES: Stage[Contest] = Stage(
    name="evaluation/scores",
    label="scores",
    result=Score,
    reads=(SAMPLES.name, MODEL_ANSWERS.name),
    work=ItemWork(items=_list_tasks, needs=_open_scoring, work=score_answer),
    purposes=("evaluation_judge", "evaluation_embeddings"),
    keeps_former_results=True,
    is_failed_result=_is_unscored,
)
