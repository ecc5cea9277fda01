"""Which scores an evaluation has: the metrics of each answer, and their ids."""

from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version

from jobs.evaluation.judging.judge_prompts import prompt_hash
from jobs.evaluation.judging.metrics import EMBEDDED, PROMPTS
from jobs.settings.roles import embeddings_of, judge_of
from schemas.evaluation import ALWAYS, BY_REFERENCE, REFUSAL, Metric, ModelAnswer, Sample
from schemas.parameters import reply_parameters
from schemas.record import Record, content_id
from schemas.settings import RunSettings


class ScoreTask(Record):
    """An answer that is to be scored by one metric."""

    score_id: str
    sample: Sample
    answer: ModelAnswer
    metric: Metric


def score_tasks(
    samples: Iterable[Sample], answers: Sequence[ModelAnswer], settings: RunSettings
) -> Iterator[ScoreTask]:
    """Every answer by every metric, metric by metric: the calls of one share much of their prompt.

    Of unanswerable questions only refusals count; ragas does not know them. Which other answers
    decline, relevancy tells. Where a question has a reference, answers are also compared with it.
    """
    by_id = {sample.sample_id: sample for sample in samples}
    knows_more = settings.evaluation.scorer == "builtin"
    for metric in (*ALWAYS, *BY_REFERENCE, REFUSAL) if knows_more else ALWAYS:
        for answer in answers:
            sample = by_id.get(answer.sample_id)
            if sample is not None and _applies(metric, sample):
                yield ScoreTask(
                    score_id=_score_id(sample, answer, metric, settings),
                    sample=sample,
                    answer=answer,
                    metric=metric,
                )


def judge_model(metric: Metric, settings: RunSettings) -> str:
    """The judge that a metric asks; empty: none."""
    return judge_of(settings).model if metric in PROMPTS else ""


def embedding_model(metric: Metric, settings: RunSettings) -> str:
    """The embedding model that a metric asks; ragas's scores name it always."""
    is_named = metric in EMBEDDED or settings.evaluation.scorer == "ragas"
    return embeddings_of(settings).model if is_named else ""


def judge_prompt_hash(metric: Metric, settings: RunSettings) -> str:
    """The hash of the judge's instructions; empty where there are none of ours."""
    is_ours = settings.evaluation.scorer == "builtin" and metric in PROMPTS
    return prompt_hash(*PROMPTS[metric]) if is_ours else ""


def _applies(metric: Metric, sample: Sample) -> bool:
    if sample.slice == "unanswerable":
        return metric == REFUSAL
    return metric in ALWAYS or (metric in BY_REFERENCE and bool(sample.reference))


def _score_id(sample: Sample, answer: ModelAnswer, metric: Metric, settings: RunSettings) -> str:
    chosen = settings.evaluation
    given = judge_of(settings).parameters, embeddings_of(settings).parameters
    parameters = list(filter(None, map(reply_parameters, given)))
    if chosen.scorer == "ragas":
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
            *parameters,
        )
    asked = (chosen.judge_output, chosen.judge_max_output_tokens, chosen.temperature)
    return content_id(
        "builtin score",
        answer.answer_id,
        answer.text,
        metric,
        judge_model(metric, settings),
        embedding_model(metric, settings),
        asked if metric in PROMPTS else None,
        judge_prompt_hash(metric, settings),
        sample.reference if metric in BY_REFERENCE else "",
        sample.title if metric in PROMPTS else "",
        *parameters,
    )
