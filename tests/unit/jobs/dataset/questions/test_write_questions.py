import orjson

from jobs.dataset.questions.write_questions import write_questions
from schemas.dataset import Question, Rejection
from schemas.record import content_id
from schemas.settings import QuestionSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.teacher import (
    SETTINGS,
    TEXT,
    WHEN,
    WHY,
    ScriptedTeacher,
    make_chunk,
    reply_with,
)


async def only_rejection(teacher: ScriptedTeacher) -> Rejection:
    (rejection,) = await write_questions(make_chunk(), teacher, SETTINGS)
    assert isinstance(rejection, Rejection)
    assert rejection.stage == "questions"
    return rejection


async def test_question_points_at_its_evidence_in_document_characters() -> None:
    teacher = ScriptedTeacher(reply_with(([2, 1], WHY)))

    (question,) = await write_questions(make_chunk(start_char=1000), teacher, SETTINGS)

    assert isinstance(question, Question)
    cited = [TEXT[s.start_char - 1000 : s.end_char - 1000] for s in question.evidence]
    assert cited == [
        "A maintainer script must be idempotent.",
        "It may be run twice after a crash.",
    ]
    assert question.text == WHY
    assert question.kind == "why"
    assert question.scores == {"evidence_overlap": 1.0}
    assert question.question_id == content_id("question", make_chunk().chunk_id, WHY)
    assert question.request_id == teacher.requests[0].request_id


async def test_each_draft_ends_as_a_question_or_a_rejection_in_its_place() -> None:
    teacher = ScriptedTeacher(
        reply_with(([1], WHY), ([1], "What does the text say about scripts?"), ([3], WHEN))
    )

    first, second, third = await write_questions(make_chunk(), teacher, SETTINGS)

    assert isinstance(first, Question)
    assert isinstance(second, Rejection)
    assert isinstance(third, Question)
    assert second.reason == "leans_on_context"
    assert second.text == "What does the text say about scripts?"
    assert second.item_id == content_id("question", make_chunk().chunk_id, second.text)


async def test_question_that_comes_again_in_other_letters_is_rejected_as_repeated() -> None:
    teacher = ScriptedTeacher(reply_with(([1], WHY), ([1], WHY.upper()), ([1], WHY.upper())))

    first, second = await write_questions(make_chunk(), teacher, SETTINGS)

    assert isinstance(first, Question)
    assert isinstance(second, Rejection)
    assert second.reason == "repeated"


async def test_question_is_kept_as_one_plain_line_with_the_tokens_of_the_document() -> None:
    teacher = ScriptedTeacher(
        reply_with(([1], "Why must \x1b[2J maintainer\n scripts end in < |x|> ?\n"))
    )

    (question,) = await write_questions(make_chunk(), teacher, SETTINGS)

    assert isinstance(question, Question)
    assert question.text == "Why must [2J maintainer scripts end in <|x|> ?"


@each_row("number", [0, 5, -1])
async def test_evidence_that_is_no_sentence_of_the_chunk_is_rejected(number: int) -> None:
    rejection = await only_rejection(ScriptedTeacher(reply_with(([1, number], WHY))))

    assert rejection.reason == "evidence_out_of_range"
    assert (rejection.score, rejection.threshold) == (number, 4)


async def test_question_without_evidence_is_rejected() -> None:
    rejection = await only_rejection(ScriptedTeacher(reply_with(([], WHY))))

    assert rejection.reason == "no_evidence"


async def test_chunk_without_questions_is_rejected() -> None:
    rejection = await only_rejection(ScriptedTeacher({"questions": []}))

    assert rejection.reason == "no_questions"
    assert rejection.item_id == make_chunk().chunk_id


@each_row(
    "content",
    [
        b"",
        b"no json",
        b'{"questions": [',
        b"null",
        b'{"questions": null}',
        b'{"questions": [], "more": 1}',
        b'{"questions": [{"evidence": ["1"], "kind": "why", "question": "Why?"}]}',
        b'{"questions": [{"evidence": [1], "kind": "riddle", "question": "Why?"}]}',
        b'{"questions": [{"evidence": [1], "kind": "why"}]}',
        b"[" * 100_000,
    ],
)
async def test_reply_of_another_shape_is_rejected_as_malformed(content: bytes) -> None:
    rejection = await only_rejection(ScriptedTeacher(content))

    assert rejection.reason == "malformed_output"
    assert rejection.item_id == make_chunk().chunk_id


async def test_failed_request_rejects_the_chunk_with_the_code_of_the_failure() -> None:
    rejection = await only_rejection(ScriptedTeacher({}, failure="truncated"))

    assert rejection.reason == "truncated"
    assert rejection.detail == "said no"


async def test_all_but_the_user_message_is_the_same_for_all_chunks() -> None:
    one = ScriptedTeacher({"questions": []})
    other = ScriptedTeacher({"questions": []})

    await write_questions(make_chunk(), one, SETTINGS)
    await write_questions(make_chunk("Another text. " * 9, title="Manual"), other, SETTINGS)

    assert one.messages()[0] == other.messages()[0]
    assert one.messages()[1] != other.messages()[1]
    assert one.body() | {"messages": None} == other.body() | {"messages": None}


async def test_schema_is_strict_and_has_the_evidence_first() -> None:
    teacher = ScriptedTeacher({"questions": []})

    await write_questions(make_chunk(), teacher, SETTINGS)

    response_format = orjson.dumps(teacher.body()["response_format"])
    schema = orjson.loads(response_format)["json_schema"]
    draft = schema["schema"]["properties"]["questions"]["items"]
    assert schema["strict"] is True
    assert list(draft["properties"]) == ["evidence", "kind", "question"]
    for node in (schema["schema"], draft):
        assert node["required"] == list(node["properties"])
        assert node["additionalProperties"] is False
    assert b"pattern" not in response_format


@each_row("temperature", [None, 0.0, 0.7])
async def test_temperature_is_sent_only_if_set(temperature: float | None) -> None:
    settings = SETTINGS.model_copy(
        update={"questions": QuestionSettings(temperature=temperature, max_output_tokens=123)}
    )
    teacher = ScriptedTeacher({"questions": []})

    await write_questions(make_chunk(), teacher, settings)

    assert teacher.body().get("temperature") == temperature
    assert ("temperature" in teacher.body()) is (temperature is not None)
    assert teacher.requests[0].max_output_tokens == 123


async def test_dollar_signs_and_braces_of_a_document_are_not_filled_in() -> None:
    teacher = ScriptedTeacher({"questions": []})

    await write_questions(
        make_chunk("Set $text and ${kinds} to {count} or $$ or %s."), teacher, SETTINGS
    )

    assert "[1] Set $text and ${kinds} to {count} or $$ or %s." in teacher.messages()[1]


async def test_drop_says_what_the_teacher_had_said_so_that_it_can_be_judged_by_itself() -> None:
    teacher = ScriptedTeacher(reply_with(([3, 4], "Can the prerm script run first of all?")))

    rejection = await only_rejection(teacher)

    assert rejection.reason == "yes_or_no"
    assert rejection.kind == "why"
    cited = [TEXT[s.start_char - 1000 : s.end_char - 1000] for s in rejection.evidence]
    assert cited == [
        "The prerm script runs before files are removed.",
        "Triggers are run last of all.",
    ]
    assert rejection.scores.keys() == {"evidence_overlap"}
