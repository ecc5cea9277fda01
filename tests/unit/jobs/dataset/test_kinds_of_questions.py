"""Which kinds of question a chunk is asked for: drawn by weight, or chosen by the teacher."""

import math
from collections import Counter

import pytest

from jobs.dataset.questions.draw_kinds import KINDS, draw_kinds
from jobs.dataset.questions.write_questions import write_questions
from schemas.dataset import Kind
from schemas.settings import QuestionSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.teacher import (
    SETTINGS,
    WHY,
    ScriptedTeacher,
    make_chunk,
    reply_with,
)

WEIGHTS = QuestionSettings().kind_weights


def test_same_chunk_is_asked_for_the_same_kinds_whatever_the_order_of_the_weights() -> None:
    reordered = dict(sorted(WEIGHTS.items(), reverse=True))

    drawn = draw_kinds("chunk-1", 3, WEIGHTS)

    assert drawn == draw_kinds("chunk-1", 3, reordered)


@each_row("count", [1, 3, 7])
def test_shares_of_kinds_are_those_of_the_weights(count: int) -> None:
    drawn = Counter(kind for i in range(800) for kind in draw_kinds(f"chunk-{i}", count, WEIGHTS))

    shares = {kind: drawn[kind] / (800 * count) for kind in KINDS}
    assert shares == pytest.approx(WEIGHTS, abs=0.03)


def test_no_chunk_is_more_than_one_off_its_quota() -> None:
    quota = {kind: 5 * WEIGHTS[kind] for kind in KINDS}

    counts = [Counter(draw_kinds(f"chunk-{i}", 5, WEIGHTS)) for i in range(200)]

    assert all(
        math.floor(quota[kind]) <= count[kind] <= math.ceil(quota[kind])
        for count in counts
        for kind in KINDS
    )


def test_kind_without_weight_is_never_drawn() -> None:
    only: dict[Kind, float] = {"factual": 0.0, "why": 2.0}

    drawn = {kind for i in range(50) for kind in draw_kinds(f"chunk-{i}", 4, only)}

    assert drawn == {"why"}


async def test_kinds_are_asked_for_by_quota_and_the_text_comes_last() -> None:
    teacher = ScriptedTeacher({"questions": []})
    chunk = make_chunk()

    await write_questions(chunk, teacher, SETTINGS)

    kinds = draw_kinds(chunk.chunk_id, 3, SETTINGS.questions.kind_weights)
    user = teacher.messages()[1]
    assert user.startswith(f"At most 3 questions. Kinds wanted: {', '.join(kinds)}.\n\n=== TEXT ")
    assert user.splitlines()[-1].startswith("=== END ")


async def test_teacher_may_choose_the_kinds() -> None:
    questions = QuestionSettings(kinds="chosen", kind_weights={"why": 1.0, "factual": 0.5})
    settings = SETTINGS.model_copy(update={"questions": questions})
    teacher = ScriptedTeacher(reply_with(([1], WHY)))

    await write_questions(make_chunk(), teacher, settings)

    _, user = teacher.messages()
    assert user.startswith("At most 3 questions. Kinds to choose from")
    assert "factual, why" in user
