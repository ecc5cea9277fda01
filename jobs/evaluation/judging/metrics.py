"""The metrics of an answer: steps of ragas's metrics 0.4.3, correctness, refusal."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.ask import Ask
from jobs.evaluation.judging.embeddings import check_lengths, embed, score_request
from jobs.evaluation.judging.exact_measures import numbers_and_code, token_f1
from jobs.evaluation.judging.judge import Judge, JudgePolicy, UnscoredError
from jobs.evaluation.judging.judge_prompts import (
    JudgePrompt,
    ask_for_claims,
    ask_for_question,
    ask_for_statements,
    ask_for_verdicts,
)
from jobs.evaluation.judging.shapes import (
    AskedQuestion,
    ClaimVerdicts,
    Statements,
    StatementVerdicts,
)
from jobs.settings.roles import RoleModel
from schemas.evaluation import ClaimFinding, Metric, ModelAnswer, Sample, is_evasive
from schemas.requests import Request

QUESTIONS_PER_ANSWER = 3  # ragas's AnswerRelevancy.strictness
PROMPTS: dict[Metric, tuple[JudgePrompt, ...]] = {
    "answer_relevancy": ("question",),
    "faithfulness": ("statements", "verdicts"),
    "correctness": ("correctness",),
    "refusal": ("question",),
}
EMBEDDED: tuple[Metric, ...] = ("answer_relevancy", "similarity")

Floats = NDArray[np.float64]


class Measured(NamedTuple):
    """A value, and what the judge said of each part that it is made of."""

    value: float
    findings: tuple[ClaimFinding, ...] = ()


class Measuring(NamedTuple):
    """What an answer is measured with; `item_id` is that of its requests."""

    item_id: str
    ask: Ask
    policy: JudgePolicy
    embeddings: RoleModel


async def measure(
    metric: Metric, sample: Sample, answer: ModelAnswer, using: Measuring
) -> Measured:
    """One metric of one answer, through `ask`: two batch rounds at most.

    Raises:
        UnscoredError: it cannot be computed; says why. And what `ask` raises.
    """
    if not answer.text:
        raise UnscoredError("the answer is empty")
    return await MEASURES[metric](sample, answer, using)


async def _relevancy(sample: Sample, answer: ModelAnswer, using: Measuring) -> Measured:
    """How like the question asked are those that the judge makes of the answer.

    An answer that it calls noncommittal each time gets 0.
    """
    first = score_request(using.item_id, [sample.question], using.embeddings)
    replies = await _ask_for_questions(sample, answer, using, alongside=[first])
    findings = _question_findings(replies)
    questions = [reply.question for reply in replies if reply.question]
    if not questions:
        return Measured(0.0, findings)
    (given,) = await embed(
        using.item_id, [sample.question], ask=using.ask, embeddings=using.embeddings
    )
    made = await embed(using.item_id, questions, ask=using.ask, embeddings=using.embeddings)
    return Measured(float(_cosines(given, made).mean() * int(not is_evasive(findings))), findings)


async def _ask_for_questions(
    sample: Sample, answer: ModelAnswer, using: Measuring, *, alongside: Sequence[Request] = ()
) -> list[AskedQuestion]:
    judge = Judge(
        using.item_id,
        ask=using.ask,
        policy=using.policy,
        repeats=QUESTIONS_PER_ANSWER,
        alongside=alongside,
    )
    messages = ask_for_question(sample, answer.text, answer.mode)
    return [await judge.say(messages, AskedQuestion) for _ in range(QUESTIONS_PER_ANSWER)]


def _question_findings(replies: Sequence[AskedQuestion]) -> tuple[ClaimFinding, ...]:
    return tuple(
        ClaimFinding(claim=each.question, verdict="evasive" if each.noncommittal else "asked")
        for each in replies
    )


def _cosines(one: Floats, others: Floats) -> Floats:
    """Of one vector with each row, in the order of operations of ragas: equal to the last bit."""
    column = one.reshape(1, -1)
    check_lengths(column.shape[1], others.shape[1])
    norms = np.linalg.norm(others, axis=1) * np.linalg.norm(column, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosines: Floats = np.dot(others, column.T).reshape(-1) / norms
    if not np.isfinite(cosines).all():
        raise UnscoredError("embeddings: a vector has no direction")
    return cosines


async def _faithfulness(sample: Sample, answer: ModelAnswer, using: Measuring) -> Measured:
    """The share of the answer's statements that follow from the excerpt."""
    judge = Judge(using.item_id, ask=using.ask, policy=using.policy)
    told = await judge.say(ask_for_statements(sample, answer.text), Statements)
    if not told.statements:
        raise UnscoredError("the judge found no statement in the answer")
    found = await judge.say(ask_for_verdicts(sample, told.statements), StatementVerdicts)
    if not found.statements:
        raise UnscoredError("the judge gave no verdict on the statements")
    findings = tuple(
        ClaimFinding(
            claim=each.statement,
            verdict="supported" if each.verdict else "unsupported",
            reason=each.reason,
        )
        for each in found.statements
    )
    return Measured(_share(findings, "supported"), findings)


async def _correctness(sample: Sample, answer: ModelAnswer, using: Measuring) -> Measured:
    """The share of the reference's claims that the answer makes; extra claims are only shown."""
    judge = Judge(using.item_id, ask=using.ask, policy=using.policy)
    found = await judge.say(ask_for_claims(sample, answer.text), ClaimVerdicts)
    findings = tuple(
        ClaimFinding(claim=each.claim, verdict=each.verdict, reason=each.reason)
        for each in found.claims
    )
    of_reference = [each for each in findings if each.verdict != "extra"]
    if not of_reference:
        raise UnscoredError("the judge found no claim in the reference")
    return Measured(_share(of_reference, "right"), findings)


async def _similarity(sample: Sample, answer: ModelAnswer, using: Measuring) -> Measured:
    """The cosine between the embeddings of answer and reference."""
    one, other = await embed(
        using.item_id, [sample.reference, answer.text], ask=using.ask, embeddings=using.embeddings
    )
    return Measured(float(_cosines(one, other.reshape(1, -1))[0]))


async def _refusal(sample: Sample, answer: ModelAnswer, using: Measuring) -> Measured:
    """1 if the judge calls the answer noncommittal each time, else 0; as relevancy tells it."""
    findings = _question_findings(await _ask_for_questions(sample, answer, using))
    return Measured(float(is_evasive(findings)), findings)


async def _token_f1(sample: Sample, answer: ModelAnswer, _: Measuring) -> Measured:
    return Measured(token_f1(answer.text, sample.reference))


async def _numbers_and_code(sample: Sample, answer: ModelAnswer, _: Measuring) -> Measured:
    return Measured(numbers_and_code(answer.text, sample.reference))


def _share(findings: Sequence[ClaimFinding], verdict: str) -> float:
    return sum(each.verdict == verdict for each in findings) / len(findings)


MEASURES: Mapping[Metric, Callable[[Sample, ModelAnswer, Measuring], Awaitable[Measured]]] = {
    "answer_relevancy": _relevancy,
    "faithfulness": _faithfulness,
    "correctness": _correctness,
    "similarity": _similarity,
    "token_f1": _token_f1,
    "numbers_and_code": _numbers_and_code,
    "refusal": _refusal,
}
