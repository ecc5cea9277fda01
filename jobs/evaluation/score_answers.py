"""Scores answers with ragas: each answer by each metric, a failure as a row with its reason."""

import asyncio
import importlib
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec

from engine.ask import Ask
from engine.errors import ConfigError
from jobs.evaluation.evaluated_models import judge_model
from schemas.evaluation import METRICS, Metric, ModelAnswer, Sample, Score
from schemas.record import Record, content_id
from schemas.settings import RunSettings

NO_TRACKING = ("RAGAS_DO_NOT_TRACK", "true")  # exactly this word, before the first import


class ScoreTask(Record):
    """An answer that is to be scored by one metric."""

    score_id: str
    sample: Sample
    answer: ModelAnswer
    metric: Metric


Work = Callable[[ScoreTask, Ask], Awaitable[list[Score]]]


def check_scoring() -> None:
    """Say what is missing before anything is paid for.

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


async def load_scoring(settings: RunSettings) -> Work:
    """The work of the stage: 1 task in, 1 score out. Imports ragas, which takes seconds.

    The work raises what its `ask` raises.
    """
    os.environ.update([NO_TRACKING])
    await asyncio.to_thread(importlib.import_module, "jobs.evaluation.ragas_scoring.metrics")
    from jobs.evaluation.ragas_scoring.judge import JudgePolicy, UnscoredError
    from jobs.evaluation.ragas_scoring.metrics import RAGAS_VERSION, measure

    chosen = settings.evaluation
    policy = JudgePolicy(
        model=judge_model(settings),
        output=chosen.judge_output,
        max_output_tokens=chosen.judge_max_output_tokens,
        temperature=chosen.temperature,
        is_bounded=settings.teacher.provider == "local",
    )

    async def score(task: ScoreTask, ask: Ask) -> list[Score]:
        value, problem = None, ""
        try:
            value = await measure(
                task.metric,
                task.score_id,
                sample=task.sample,
                answer=task.answer.text,
                ask=ask,
                policy=policy,
                embedding_model=chosen.embedding_model,
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
                judge_model=policy.model,
                embedding_model=chosen.embedding_model,
                ragas_version=RAGAS_VERSION,
            )
        ]

    return score


def _score_id(answer: ModelAnswer, metric: Metric, settings: RunSettings) -> str:
    chosen = settings.evaluation
    return content_id(
        "score",
        answer.answer_id,
        answer.text,
        metric,
        judge_model(settings),
        chosen.embedding_model,
        chosen.judge_output,
        chosen.judge_max_output_tokens,
        chosen.temperature,
        version("ragas"),
    )
