"""Computes ragas's two metrics for one answer; imports ragas, so it is imported to score only."""

import math
from typing import assert_never

import ragas
from ragas.metrics.collections import AnswerRelevancy, Faithfulness

from engine.ask import Ask
from jobs.evaluation.ragas_scoring.embeddings import JudgeEmbeddings, score_request
from jobs.evaluation.ragas_scoring.judge import Judge, JudgePolicy, UnscoredError
from jobs.settings.roles import RoleModel
from schemas.evaluation import Metric, Sample

RAGAS_VERSION: str = ragas.__version__
QUESTIONS_PER_ANSWER = 3  # ragas's own default of AnswerRelevancy.strictness


async def measure(
    metric: Metric,
    item_id: str,
    *,
    sample: Sample,
    answer: str,
    ask: Ask,
    policy: JudgePolicy,
    embeddings: RoleModel,
) -> float:
    """The metric as ragas defines it, through `ask`: two batch rounds at most.

    Raises:
        UnscoredError: it cannot be computed; says why. And what `ask` raises.
    """
    if not answer:
        raise UnscoredError("the answer is empty")
    match metric:
        case "faithfulness":
            judge = Judge(item_id, ask=ask, policy=policy)
            result = await Faithfulness(llm=judge).ascore(
                user_input=sample.question, response=answer, retrieved_contexts=[sample.context]
            )
        case "answer_relevancy":
            judge = Judge(
                item_id,
                ask=ask,
                policy=policy,
                repeats=QUESTIONS_PER_ANSWER,
                alongside=[score_request(item_id, [sample.question], embeddings)],
            )
            vectors = JudgeEmbeddings(item_id, ask=ask, embeddings=embeddings)
            relevancy = AnswerRelevancy(
                llm=judge, embeddings=vectors, strictness=QUESTIONS_PER_ANSWER
            )
            result = await relevancy.ascore(user_input=sample.question, response=answer)
        case _:
            assert_never(metric)
    return _finite(result.value)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise UnscoredError("the judge found no statement in the answer")
    return value
