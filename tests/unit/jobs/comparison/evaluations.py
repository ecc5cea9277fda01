"""Evaluations made up for the tests: what was asked, answered and scored."""

from collections.abc import Mapping, Sequence

import numpy as np

from jobs.evaluation.read_evaluation import Evaluation
from schemas.evaluation import (
    ALWAYS,
    ROLES,
    Metric,
    Mode,
    ModelAnswer,
    Role,
    Sample,
    Score,
    Slice,
)
from schemas.record import Span

Values = Mapping[Role, Sequence[float | None]]

CONTEXT = "The archive is read-only. It has three areas. Nothing is removed."
JUDGE = "judge-model"


def sample(number: int, *, slice_: Slice = "held_out_document", path: str = "a.md") -> Sample:
    return Sample(
        sample_id=f"{number:032x}",
        slice=slice_,
        question=f"Question {number}?",
        context=CONTEXT,
        path=path,
        document_id=path,
        chunk_ids=(f"chunk {number}",),
        title="The archive",
        kind="factual",
        evidence=(Span(start_char=26, end_char=45),),
    )


def answer(
    of: Sample, role: Role, *, text: str = "", is_refusal: bool = False, mode: Mode = "open"
) -> ModelAnswer:
    return ModelAnswer(
        answer_id=f"{role}-{mode}-{of.sample_id}",
        sample_id=of.sample_id,
        role=role,
        model=f"{role}-model",
        mode=mode,
        text=text or f"The {role} answers {of.question}",
        is_refusal=is_refusal,
        prompt_tokens=100,
        completion_tokens=20,
        cost_usd=0.001,
        request_id="",
    )


def score(of: ModelAnswer, metric: Metric, value: float | None, *, judge: str = JUDGE) -> Score:
    return Score(
        score_id=f"{metric}-{of.answer_id}",
        answer_id=of.answer_id,
        sample_id=of.sample_id,
        role=of.role,
        mode=of.mode,
        metric=metric,
        value=value,
        problem="" if value is not None else "the judge's reply could not be read",
        judge_model=judge,
        embedding_model="embedding-model",
        ragas_version="0.4.3",
    )


def evaluation_of(
    values: Values,
    *,
    slices: Sequence[Slice] = (),
    mode: Mode = "open",
    judge: str = JUDGE,
    document_count: int = 2,
) -> Evaluation:
    """One question for each place of the lists, scored alike in both metrics; None: not scored.

    The documents take turns.
    """
    count = len(next(iter(values.values())))
    samples = [
        sample(
            i, slice_=slices[i] if slices else "held_out_document", path=f"{i % document_count}.md"
        )
        for i in range(count)
    ]
    answers = [answer(of, role, mode=mode) for role in values for of in samples]
    scores = [
        score(of, metric, values[of.role][int(of.sample_id, 16)], judge=judge)
        for of in answers
        for metric in ALWAYS
    ]
    return Evaluation(samples, answers, scores)


def random_evaluation(count: int, *, seed: int = 0) -> Evaluation:
    """All three models, the student between the others, on questions of uneven difficulty."""
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0.0, 0.15, count)
    return evaluation_of(
        {
            role: [float(v) for v in np.clip(mean + difficulty + rng.normal(0, 0.1, count), 0, 1)]
            for role, mean in zip(ROLES, (0.5, 0.6, 0.7), strict=True)
        },
        document_count=max(count // 2, 1),
    )
