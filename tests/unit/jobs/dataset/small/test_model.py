from jobs.dataset.small.model import write_small_answer, write_small_questions
from jobs.documents.passages import Passages
from schemas.dataset import Answer, Question, Rejection
from schemas.record import Span
from schemas.requests import CHAT_COMPLETIONS, EMBEDDINGS, Json
from tests.rows import each_row
from tests.unit.jobs.dataset.small.small_teacher import (
    SETTINGS,
    UNLIKE,
    Fails,
    SmallTeacher,
    make_chunk,
)

PIPE = "A named pipe is a file that acts like a pipe."
NAMES = "Binary package names must follow the syntax of source package names."
CHUNK = make_chunk(f"{PIPE} It is old.\n\n{NAMES}")
PIPE_QUESTION = "What is a named pipe?"
NAMES_QUESTION = "What must binary package names follow?"


async def test_each_sentence_gives_one_question_with_its_exact_evidence() -> None:
    teacher = SmallTeacher({"question": PIPE_QUESTION}, {"question": NAMES_QUESTION})

    results = await write_small_questions(CHUNK, teacher, SETTINGS)

    kept = [result for result in results if isinstance(result, Question)]
    assert [question.text for question in kept] == [PIPE_QUESTION, NAMES_QUESTION]
    assert len(results) == 2
    for question, sentence in zip(kept, (PIPE, NAMES), strict=True):
        (span,) = question.evidence
        assert CHUNK.text[span.start_char - 1000 : span.end_char - 1000] == sentence
        assert question.scores == {"evidence_overlap": 1.0, "evidence_similarity": 1.0}
    assert [request.url for request in teacher.requests] == [
        CHAT_COMPLETIONS,
        CHAT_COMPLETIONS,
        EMBEDDINGS,
    ]
    assert kept[0].request_id == teacher.requests[0].request_id


async def test_the_same_chunk_asks_the_same_requests() -> None:
    first, second = (
        SmallTeacher({"question": PIPE_QUESTION}, {"question": NAMES_QUESTION}) for _ in range(2)
    )

    await write_small_questions(CHUNK, first, SETTINGS)
    await write_small_questions(CHUNK, second, SETTINGS)

    ids = [request.request_id for request in first.requests]
    assert ids == [request.request_id for request in second.requests]
    assert len(set(ids)) == 3
    assert all(body.get("temperature", 0) == 0 for body in first.bodies())


async def test_a_chunk_without_such_a_sentence_is_rejected_and_asks_nothing() -> None:
    teacher = SmallTeacher()

    results = await write_small_questions(make_chunk("It is so. See above."), teacher, SETTINGS)

    (rejection,) = results
    assert isinstance(rejection, Rejection)
    assert (rejection.stage, rejection.reason) == ("questions", "no_standalone_sentence")
    assert teacher.requests == []


QUESTION_FAULTS: list[tuple[Json, str]] = [
    ({"question": "What does the compiler enforce?"}, "low_evidence_overlap"),
    ({"question": "What is a named pipe file that acts?"}, "tells_its_answer"),
    ({"question": "What is a named pipe that?"}, "unfinished"),
    ({"question": "What is a named pipe"}, "no_question_mark"),
    ({"question": "Is it?"}, "too_short"),
    ({"answer": "A pipe."}, "malformed_output"),
    ("not json", "malformed_output"),
]


@each_row("content, reason", QUESTION_FAULTS)
async def test_a_faulty_question_is_dropped_before_its_embedding_is_asked_for(
    content: Json, reason: str
) -> None:
    teacher = SmallTeacher(content)

    (result,) = await write_small_questions(make_chunk(PIPE), teacher, SETTINGS)

    assert isinstance(result, Rejection)
    assert result.reason == reason
    assert len(teacher.requests) == 1


async def test_a_question_that_its_sentence_does_not_answer_is_dropped_by_meaning() -> None:
    teacher = SmallTeacher({"question": PIPE_QUESTION}, vectors={PIPE_QUESTION: UNLIKE})

    (result,) = await write_small_questions(make_chunk(PIPE), teacher, SETTINGS)

    assert isinstance(result, Rejection)
    assert (result.reason, result.score, result.threshold) == ("evidence_dissimilar", 0.0, 0.55)
    assert result.text == PIPE_QUESTION


async def test_a_stricter_setting_wins_over_the_profile() -> None:
    settings = SETTINGS.model_copy(
        update={
            "questions": SETTINGS.questions.model_copy(update={"min_evidence_similarity": 0.95})
        }
    )
    teacher = SmallTeacher({"question": PIPE_QUESTION}, vectors={PIPE: (3.0, 1.0)})

    (result,) = await write_small_questions(make_chunk(PIPE), teacher, settings)

    assert isinstance(result, Rejection)
    assert result.threshold == 0.95


@each_row("fails, call_count", [("chat", 2), ("embeddings", 3)])
async def test_failed_calls_become_rejections_of_their_own(fails: Fails, call_count: int) -> None:
    teacher = SmallTeacher({"question": PIPE_QUESTION}, {"question": NAMES_QUESTION}, fails=fails)

    results = await write_small_questions(CHUNK, teacher, SETTINGS)

    rejections = [result for result in results if isinstance(result, Rejection)]
    assert [rejection.reason for rejection in rejections] == ["truncated", "truncated"]
    assert len({rejection.rejection_id for rejection in rejections}) == 2
    assert len(teacher.requests) == call_count


async def test_a_question_asked_twice_of_a_chunk_is_kept_once() -> None:
    chunk = make_chunk(f"{PIPE}\n\n{PIPE}")
    teacher = SmallTeacher({"question": PIPE_QUESTION}, {"question": PIPE_QUESTION})

    results = await write_small_questions(chunk, teacher, SETTINGS)

    kept = [result for result in results if isinstance(result, Question)]
    dropped = [result.reason for result in results if isinstance(result, Rejection)]
    assert len(kept) == 1
    assert dropped == ["repeated"]


def make_question(text: str = PIPE_QUESTION) -> Question:
    return Question(
        question_id="q1",
        chunk_id=CHUNK.chunk_id,
        document_id="d1",
        side="train",
        kind="factual",
        text=text,
        evidence=(Span(start_char=1000, end_char=1000 + len(PIPE)),),
        scores={},
        request_id="r1",
    )


async def test_an_answer_in_the_words_of_its_sentence_is_kept() -> None:
    teacher = SmallTeacher({"answer": PIPE})

    answer = await write_small_answer(make_question(), Passages(CHUNK), teacher, SETTINGS)

    assert isinstance(answer, Answer)
    assert answer.text == PIPE
    assert answer.evidence == make_question().evidence
    assert answer.scores == {"evidence_overlap": 1.0, "question_similarity": 1.0}
    chat, _ = teacher.bodies()
    messages = chat["messages"]
    assert isinstance(messages, list)
    assert messages[-1] == {
        "role": "user",
        "content": f"Sentence: {PIPE}\nQuestion: {PIPE_QUESTION}",
    }


ANSWER_FAULTS: list[tuple[Json, str]] = [
    ({"answer": "A named pipe is a clever invention of the compiler."}, "low_evidence_overlap"),
    ({"answer": "A named pipe is what a named pipe is."}, "adds_nothing"),
    ({"answer": "What is a named pipe that acts like a file."}, "echoes_question"),
    ({"answer": "A pipe acts like " + "a pipe like " * 6 + "a file."}, "longer_than_evidence"),
    ({"answer": ""}, "not_answered"),
    ({"question": "?"}, "malformed_output"),
]


@each_row("content, reason", ANSWER_FAULTS)
async def test_a_faulty_answer_is_dropped_before_its_embedding_is_asked_for(
    content: Json, reason: str
) -> None:
    teacher = SmallTeacher(content)

    result = await write_small_answer(make_question(), Passages(CHUNK), teacher, SETTINGS)

    assert isinstance(result, Rejection)
    assert (result.item_id, result.stage, result.reason) == ("q1", "answers", reason)
    assert len(teacher.requests) == 1


async def test_an_answer_to_something_else_is_dropped_by_meaning() -> None:
    teacher = SmallTeacher({"answer": PIPE}, vectors={PIPE: UNLIKE})

    result = await write_small_answer(make_question(), Passages(CHUNK), teacher, SETTINGS)

    assert isinstance(result, Rejection)
    assert (result.reason, result.score, result.threshold) == ("question_dissimilar", 0.0, 0.5)


@each_row("fails", ["chat", "embeddings"])
async def test_a_failed_call_for_an_answer_is_a_rejection_with_its_code(fails: Fails) -> None:
    teacher = SmallTeacher({"answer": PIPE}, fails=fails)

    result = await write_small_answer(make_question(), Passages(CHUNK), teacher, SETTINGS)

    assert isinstance(result, Rejection)
    assert (result.reason, result.detail) == ("truncated", "cut off at the output limit")
