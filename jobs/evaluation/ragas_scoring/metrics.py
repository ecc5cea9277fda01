"""Computes ragas's two metrics for one answer; imports ragas, so it is imported to score only."""

import math

import ragas
from ragas.metrics.collections import AnswerRelevancy, Faithfulness

from jobs.evaluation.judging.embeddings import score_request
from jobs.evaluation.judging.judge import Judge, UnscoredError
from jobs.evaluation.judging.metrics import QUESTIONS_PER_ANSWER, Measuring
from jobs.evaluation.ragas_scoring.client import RagasEmbeddings, RagasJudge
from schemas.evaluation import Sample

RAGAS_VERSION: str = ragas.__version__


async def measure_faithfulness(sample: Sample, answer: str, using: Measuring) -> float:
    """Faithfulness as ragas defines it, through `ask`: two batch rounds.

    Raises:
        UnscoredError: it cannot be computed; says why. And what `ask` raises.
    """
    _require(answer)
    judge = Judge(using.item_id, ask=using.ask, policy=using.policy)
    result = await Faithfulness(llm=RagasJudge(judge)).ascore(
        user_input=sample.question, response=answer, retrieved_contexts=[sample.context]
    )
    return _finite(result.value)


async def measure_relevancy(sample: Sample, answer: str, using: Measuring) -> float:
    """Answer relevancy as ragas defines it; two batch rounds; raises as the other."""
    _require(answer)
    judge = Judge(
        using.item_id,
        ask=using.ask,
        policy=using.policy,
        repeats=QUESTIONS_PER_ANSWER,
        alongside=[score_request(using.item_id, [sample.question], using.embeddings)],
    )
    vectors = RagasEmbeddings(using.item_id, ask=using.ask, embeddings=using.embeddings)
    relevancy = AnswerRelevancy(
        llm=RagasJudge(judge), embeddings=vectors, strictness=QUESTIONS_PER_ANSWER
    )
    result = await relevancy.ascore(user_input=sample.question, response=answer)
    return _finite(result.value)


def _require(answer: str) -> None:
    if not answer:
        raise UnscoredError("the answer is empty")


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise UnscoredError("the judge found no statement in the answer")
    return value
