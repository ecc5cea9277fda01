import orjson

from jobs.dataset.write_answers import write_answer
from jobs.documents.passages import Passages
from schemas.dataset import Answer, Question, Rejection
from schemas.record import Span, content_id
from schemas.requests import Json
from schemas.settings import AnswerSettings, RunSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.teacher import SETTINGS, TEXT, ScriptedTeacher, make_chunk

ANSWER = "A maintainer script must be idempotent because it may run twice after a crash."


def make_question(text: str = "Why must a maintainer script be idempotent?") -> Question:
    return Question(
        question_id=content_id("question", text),
        chunk_id=make_chunk().chunk_id,
        document_id="d1",
        side="train",
        kind="why",
        text=text,
        evidence=(Span(start_char=1000, end_char=1039),),
        scores={},
        request_id="r1",
    )


def reply_with(evidence: list[int], answer: str) -> Json:
    return {"evidence": list(evidence), "answer": answer}


async def only_rejection(teacher: ScriptedTeacher) -> Rejection:
    rejection = await write_answer(make_question(), Passages(make_chunk()), teacher, SETTINGS)
    assert isinstance(rejection, Rejection)
    assert rejection.stage == "answers"
    assert rejection.item_id == make_question().question_id
    return rejection


async def test_answer_points_at_its_evidence_in_document_characters() -> None:
    teacher = ScriptedTeacher(reply_with([2, 1, 2], ANSWER))

    answer = await write_answer(
        make_question(), Passages(make_chunk(start_char=1000)), teacher, SETTINGS
    )

    assert isinstance(answer, Answer)
    cited = [TEXT[s.start_char - 1000 : s.end_char - 1000] for s in answer.evidence]
    assert cited == [
        "A maintainer script must be idempotent.",
        "It may be run twice after a crash.",
    ]
    assert answer.text == ANSWER
    assert answer.model == "teacher-1"
    assert answer.answer_id == content_id("answer", make_question().question_id, ANSWER)
    assert answer.scores.keys() == {"evidence_overlap", "copy_share"}
    assert answer.request_id == teacher.requests[0].request_id


async def test_empty_answer_is_rejected_as_not_answered_with_its_question() -> None:
    rejection = await only_rejection(ScriptedTeacher(reply_with([], "")))

    assert rejection.reason == "not_answered"
    assert rejection.text == make_question().text


async def test_refusal_in_words_is_rejected_with_its_text() -> None:
    refusal = "I'm sorry, but I cannot help with maintainer scripts."

    rejection = await only_rejection(ScriptedTeacher(reply_with([1], refusal)))

    assert rejection.reason == "not_answered"
    assert rejection.text == refusal


@each_row("number", [0, 5])
async def test_evidence_that_is_no_sentence_of_the_chunk_is_rejected(number: int) -> None:
    rejection = await only_rejection(ScriptedTeacher(reply_with([number], ANSWER)))

    assert rejection.reason == "evidence_out_of_range"
    assert (rejection.score, rejection.threshold) == (number, 4)


@each_row("content", [b"", b"[]", b'{"answer": "x"}', b'{"evidence": 1, "answer": ""}'])
async def test_reply_of_another_shape_is_rejected_as_malformed(content: bytes) -> None:
    rejection = await only_rejection(ScriptedTeacher(content))

    assert rejection.reason == "malformed_output"


async def test_failed_request_rejects_the_question_with_the_code_of_the_failure() -> None:
    rejection = await only_rejection(ScriptedTeacher({}, failure="refused"))

    assert rejection.reason == "refused"
    assert rejection.detail == "said no"


async def test_text_precedes_the_question_so_that_questions_share_the_prefix() -> None:
    one = ScriptedTeacher(reply_with([], ""))
    other = ScriptedTeacher(reply_with([], ""))

    await write_answer(make_question(), Passages(make_chunk()), one, SETTINGS)
    await write_answer(
        make_question("When are triggers run?"), Passages(make_chunk()), other, SETTINGS
    )

    (system, user), (other_system, other_user) = one.messages(), other.messages()
    text, question = user.rsplit("\n\n", 1)
    assert system == other_system
    assert question == f"Question: {make_question().text}"
    assert other_user == f"{text}\n\nQuestion: When are triggers run?"
    assert one.requests[0].request_id != other.requests[0].request_id


async def test_schema_is_strict_and_limits_are_those_of_the_settings() -> None:
    settings = SETTINGS.model_copy(
        update={"answers": AnswerSettings(temperature=0.2, max_output_tokens=77)}
    )
    teacher = ScriptedTeacher(reply_with([], ""))

    await write_answer(make_question(), Passages(make_chunk()), teacher, settings)

    schema = orjson.loads(orjson.dumps(teacher.body()["response_format"]))["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["required"] == list(schema["schema"]["properties"])
    assert teacher.body()["temperature"] == 0.2
    assert teacher.body()["max_completion_tokens"] == 77


async def test_control_tokens_that_the_model_quotes_are_given_back_as_the_document_has_them() -> (
    None
):
    chunk = make_chunk("Training texts end with <|endoftext|> in the file of the tokenizer.")
    reply = reply_with([1], "Training texts in the file end with `< |endoftext|>`.")

    answer = await write_answer(make_question(), Passages(chunk), ScriptedTeacher(reply), SETTINGS)

    assert isinstance(answer, Answer)
    assert answer.text == "Training texts in the file end with `<|endoftext|>`."


async def test_control_characters_in_a_reply_reach_no_file_and_no_terminal() -> None:
    reply = reply_with([1, 2], f"\x1b{ANSWER}\x07\u202e\n")

    answer = await write_answer(
        make_question(), Passages(make_chunk()), ScriptedTeacher(reply), SETTINGS
    )

    assert isinstance(answer, Answer)
    assert answer.text == ANSWER


async def test_drop_says_what_the_teacher_had_said_so_that_it_can_be_judged_by_itself() -> None:
    rejection = await only_rejection(ScriptedTeacher(reply_with([1], "It must run 7 times.")))

    assert (rejection.reason, rejection.detail) == ("number_not_in_evidence", "7")
    assert rejection.kind == "why"
    assert rejection.evidence == (Span(start_char=1000, end_char=1039),)
    assert rejection.scores.keys() == {"evidence_overlap", "copy_share"}


async def test_answer_from_other_sentences_than_its_question_is_dropped() -> None:
    reply = reply_with([4], "Triggers are run last of all.")

    rejection = await only_rejection(ScriptedTeacher(reply))

    assert rejection.reason == "other_evidence"


async def test_question_from_elsewhere_has_no_sentences_that_an_answer_could_leave() -> None:
    question = make_question().model_copy(update={"evidence": ()})
    teacher = ScriptedTeacher(reply_with([4], "Triggers are run last of all."))

    answer = await write_answer(question, Passages(make_chunk()), teacher, SETTINGS)

    assert isinstance(answer, Answer)


@each_row("choice, is_laid_out", [("off", False), ("on", True), ("auto", True)])
async def test_layout_for_the_prompt_cache_marks_system_and_text_and_changes_no_id(
    choice: str, *, is_laid_out: bool
) -> None:
    plain, laid_out = ScriptedTeacher(reply_with([], "")), ScriptedTeacher(reply_with([], ""))
    teacher = {"model": "gpt-6-luna", "prompt_cache": choice}
    settings = RunSettings.model_validate({"teacher": teacher})
    off = RunSettings.model_validate({"teacher": {**teacher, "prompt_cache": "off"}})

    await write_answer(make_question(), Passages(make_chunk()), plain, off)
    await write_answer(make_question(), Passages(make_chunk()), laid_out, settings)

    (request,), (bare,) = laid_out.requests, plain.requests
    assert request.request_id == bare.request_id
    assert request.payload == bare.payload
    assert bare.cache is None
    assert (request.cache is not None) == is_laid_out
    if request.cache is not None:
        system, user = laid_out.messages()
        ends = [(each.message, each.chars) for each in request.cache.prefixes]
        assert ends == [(0, len(system)), (1, user.rindex("\n\nQuestion: "))]
