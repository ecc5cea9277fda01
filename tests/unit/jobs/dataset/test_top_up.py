"""A chunk of which too little is kept is asked about once more."""

from collections import Counter

import orjson

from jobs.dataset.questions.draw_kinds import draw_kinds
from jobs.dataset.questions.write_questions import write_questions
from schemas.dataset import Question, Rejection
from schemas.outcomes import Outcome
from schemas.requests import Json, Request
from schemas.settings import QuestionSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.teacher import (
    SETTINGS,
    WHEN,
    WHY,
    ScriptedTeacher,
    make_chunk,
    reply_with,
)

TOPPED_UP = SETTINGS.model_copy(update={"questions": QuestionSettings()})
LEANS = "What does the text say about scripts?"


class TwoReplies(ScriptedTeacher):
    """A teacher with one reply for the first request and one for what is asked further."""

    def __init__(self, first: Json, second: Json) -> None:
        super().__init__(first)
        self._second = ScriptedTeacher(second)

    async def __call__(self, request: Request) -> Outcome:
        if self.requests:
            self.requests.append(request)
            return await self._second(request)
        return await super().__call__(request)


async def test_chunk_of_which_too_little_is_kept_is_asked_once_more_and_sees_what_was_asked() -> (
    None
):
    teacher = TwoReplies(reply_with(([1], LEANS), ([1], WHY)), reply_with(([3], WHEN), ([1], WHY)))

    written = await write_questions(make_chunk(), teacher, TOPPED_UP)

    assert [each.text for each in written if isinstance(each, Question)] == [WHY, WHEN]
    assert [r.reason for r in written if isinstance(r, Rejection)] == [
        "leans_on_context",
        "repeated",
    ]
    first, second = (orjson.loads(request.payload) for request in teacher.requests)
    user = second["messages"][1]["content"]
    listing = first["messages"][1]["content"].partition("=== TEXT")[2]
    assert user.startswith("At most 2 questions.")
    assert user.endswith(f"- {LEANS}\n- {WHY}")
    assert user.partition("=== TEXT")[2].startswith(listing)
    kinds = draw_kinds(make_chunk().chunk_id, 3, TOPPED_UP.questions.kind_weights)
    wanted = (Counter(kinds) - Counter(["why"])).elements()
    assert f"Kinds wanted: {', '.join(wanted)}." in user


@each_row(
    "drafts, share",
    [
        ((([1], WHY),), 0.5),  # the teacher wrote no more
        ((([1], WHY), ([3], WHEN), ([1], LEANS)), 0.5),  # enough is kept
        ((([1], LEANS),), 0.0),
        ((), 1.0),
    ],
)
async def test_chunk_is_asked_once_where_filters_took_little(
    drafts: tuple[tuple[list[int], str], ...], share: float
) -> None:
    teacher = ScriptedTeacher(reply_with(*drafts))
    questions = QuestionSettings(top_up_below=share)

    await write_questions(
        make_chunk(), teacher, SETTINGS.model_copy(update={"questions": questions})
    )

    assert len(teacher.requests) == 1


async def test_what_was_kept_stays_where_the_further_call_brings_nothing() -> None:
    replies: tuple[Json, ...] = ({"questions": []}, {"no": "questions"})
    for second in replies:
        teacher = TwoReplies(reply_with(([1], LEANS), ([1], WHY)), second)

        written = await write_questions(make_chunk(), teacher, TOPPED_UP)

        assert [each.text for each in written if isinstance(each, Question)] == [WHY]
        reasons = [each.reason for each in written if isinstance(each, Rejection)]
        assert reasons[1:] == ([] if second == replies[0] else ["malformed_output"])


@each_row("other", [{"max_chars": 20}, {"min_evidence_overlap": 1.0}, {"filters": "phrases"}])
async def test_another_threshold_asks_nothing_and_changes_nothing_that_is_asked(
    other: dict[str, object],
) -> None:
    enough = ScriptedTeacher(reply_with(([1], WHY), ([3], WHEN), ([1], LEANS)))
    usual, changed = (
        TwoReplies(reply_with(([1], LEANS), ([1], WHY)), reply_with(([3], WHEN))) for _ in "ab"
    )
    questions = TOPPED_UP.questions.model_copy(update=other)
    settings = TOPPED_UP.model_copy(update={"questions": questions})

    await write_questions(make_chunk(), enough, settings)
    await write_questions(make_chunk(), usual, TOPPED_UP)
    await write_questions(make_chunk(), changed, settings)

    assert len(enough.requests) == 1
    assert [each.request_id for each in changed.requests] == [
        each.request_id for each in usual.requests
    ]
