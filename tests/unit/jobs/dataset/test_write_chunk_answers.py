import orjson
import pytest

from engine.errors import Deferred
from engine.testing.calls import completed, failed
from engine.testing.stage_parts import FakeAsk
from jobs.dataset.write_chunk_answers import ChunkQuestions, write_chunk_answers
from jobs.documents.passages import Passages
from schemas.dataset import Answer, Question, Rejection
from schemas.outcomes import Outcome
from schemas.record import Span, content_id
from schemas.requests import Json, Request
from tests.rows import each_row
from tests.unit.jobs.dataset.teacher import SETTINGS, make_chunk

WHY, WHEN, LAST = (
    "Why must a maintainer script be idempotent?",
    "When does the prerm script run?",
    "What runs last of all?",
)
ANSWERS = {
    WHY: ([1, 2], "A maintainer script may run twice after a crash."),
    WHEN: ([3], "The prerm script runs before files are removed."),
    LAST: ([4], "Triggers run last of all."),
}
SENTENCES = {WHY: (1000, 1039), WHEN: (1076, 1126), LAST: (1127, 1156)}


def make_question(text: str) -> Question:
    start, end = SENTENCES[text]
    return Question(
        question_id=content_id("question", text),
        chunk_id=make_chunk().chunk_id,
        document_id="d1",
        side="train",
        kind="why",
        text=text,
        evidence=(Span(start_char=start, end_char=end),),
        scores={},
        request_id="r1",
    )


def entry(number: int, text: str) -> Json:
    evidence, answer = ANSWERS[text]
    return {"question_number": number, "evidence": list(evidence), "answer": answer}


def teacher(entries: Json, *, failure: str = "") -> FakeAsk:
    """Says `entries` to several questions, or fails; and the right answer to one alone."""

    def respond(request: Request) -> Outcome:
        shown = orjson.loads(request.payload)["messages"][-1]["content"]
        alone = shown.rpartition("\n\nQuestion: ")[2]
        if alone in ANSWERS:
            evidence, answer = ANSWERS[alone]
            said = {"evidence": evidence, "answer": answer}
            return completed(request, orjson.dumps(said).decode())
        if failure:
            return failed(request, failure)
        return completed(request, orjson.dumps({"answers": entries}).decode())

    return FakeAsk(respond)


async def answer_all(ask: FakeAsk, *texts: str) -> list[Answer | Rejection]:
    item = ChunkQuestions.of([make_question(text) for text in texts])
    return await write_chunk_answers(item, Passages(make_chunk()), ask, SETTINGS)


async def test_all_questions_of_a_chunk_are_answered_by_one_call() -> None:
    ask = teacher([entry(1, WHY), entry(2, WHEN), entry(3, LAST)])

    results = await answer_all(ask, WHY, WHEN, LAST)

    assert [each.text for each in results] == [ANSWERS[text][1] for text in (WHY, WHEN, LAST)]
    assert all(isinstance(each, Answer) for each in results)
    (body,) = ask.bodies
    assert f"Question 2: {WHEN}" in body["messages"][1]["content"]
    assert body["messages"][1]["content"].startswith("=== TEXT")
    assert body["max_completion_tokens"] > SETTINGS.answers.max_output_tokens


async def test_order_of_the_reply_does_not_matter() -> None:
    results = await answer_all(teacher([entry(2, WHEN), entry(1, WHY)]), WHY, WHEN)

    assert [each.text for each in results] == [ANSWERS[WHY][1], ANSWERS[WHEN][1]]


@each_row(
    "second",
    [
        [],
        [{"question_number": 2, "evidence": "3", "answer": "x"}],
        [{"question_number": 7, "evidence": [3], "answer": "x"}],
        [{"question_number": 2}],
    ],
)
async def test_entry_that_is_missing_or_of_another_form_is_asked_again_alone(
    second: list[Json],
) -> None:
    ask = teacher([entry(1, WHY), *second])

    results = await answer_all(ask, WHY, WHEN)

    assert [each.text for each in results] == [ANSWERS[WHY][1], ANSWERS[WHEN][1]]
    assert len(ask.requests) == 2


async def test_request_that_fails_costs_no_question_its_answer() -> None:
    results = await answer_all(teacher([], failure="truncated"), WHY, WHEN)

    assert [type(each) for each in results] == [Answer, Answer]


async def test_answer_with_a_fault_is_dropped_and_not_asked_again() -> None:
    refusal: Json = {"question_number": 2, "evidence": [], "answer": ""}
    ask = teacher([entry(1, WHY), refusal])

    first, second = await answer_all(ask, WHY, WHEN)

    assert isinstance(first, Answer)
    assert isinstance(second, Rejection)
    assert (second.reason, second.item_id) == ("not_answered", make_question(WHEN).question_id)
    assert len(ask.requests) == 1


async def test_one_question_is_asked_as_it_always_was() -> None:
    ask = teacher([])

    (result,) = await answer_all(ask, LAST)

    assert isinstance(result, Answer)
    assert "Question: " in ask.bodies[0]["messages"][1]["content"]


async def test_what_is_asked_alone_goes_into_one_batch() -> None:
    asked = 0

    def respond(request: Request) -> Outcome:
        nonlocal asked
        asked += 1
        if asked == 1:
            return completed(request, '{"answers": []}')
        raise Deferred

    with pytest.raises(Deferred):
        await answer_all(FakeAsk(respond), WHY, WHEN, LAST)
    assert asked == 4


def test_other_questions_are_another_item() -> None:
    one = ChunkQuestions.of([make_question(WHY), make_question(WHEN)])
    other = ChunkQuestions.of([make_question(WHY), make_question(LAST)])

    assert one.questions_id != other.questions_id
    assert one == ChunkQuestions.of([make_question(WHY), make_question(WHEN)])
