from pathlib import Path

import orjson
import pytest

from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.evaluation.questions.new_questions import (
    NEW_QUESTIONS,
    TrainedChunk,
    ask_new_questions,
    choose_new_questions,
    sample_trained_chunks,
)
from schemas.dataset import Provenance, Question, Rejection
from schemas.documents import Chunk
from schemas.record import Span
from schemas.settings import RunSettings
from tests.unit.jobs.evaluation.asking import ask_by_body
from tests.unit.jobs.evaluation.made_run import SUBJECTS, make_question, make_run, make_settings

HELD_OUT = ("lathe", "kiln", "loom")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_run(tmp_path / "run", make_settings(), held_out=HELD_OUT)


def make_few(count: int, *assignments: str) -> RunSettings:
    return make_settings(f"evaluation.max_new_questions={count}", *assignments)


def test_only_chunks_that_were_trained_on_are_drawn_and_more_only_add(folder: RunFolder) -> None:
    three = sample_trained_chunks(folder, make_few(3))
    all_of_them = sample_trained_chunks(folder, make_few(100))

    assert len(three) == 3
    assert all_of_them[:3] == three
    assert {each.chunk.title for each in all_of_them} == set(SUBJECTS) - set(HELD_OUT)


def test_chunk_is_asked_about_under_an_id_of_what_the_questions_depend_on(
    folder: RunFolder,
) -> None:
    (first,) = sample_trained_chunks(folder, make_few(1))
    (again,) = sample_trained_chunks(folder, make_few(1))
    (other,) = sample_trained_chunks(folder, make_few(1, "teacher.model=gpt-6-luna"))

    assert first == again
    assert len({first.chunk.chunk_id, first.asked.chunk_id, other.asked.chunk_id}) == 3
    assert first.asked.text == first.chunk.text


async def test_questions_are_asked_for_as_for_the_dataset_but_twice_as_many(
    folder: RunFolder,
) -> None:
    (trained,) = sample_trained_chunks(folder, make_few(1))
    text = f"Why is it that {SUBJECTS[trained.chunk.title]}?"
    draft = {"evidence": [2], "kind": "factual", "question": text}
    ask = ask_by_body(lambda _: orjson.dumps({"questions": [draft]}).decode())

    written = await ask_new_questions(trained.asked, ask, make_settings())

    (request,), (body,) = ask.requests, ask.bodies
    assert request.purpose == "evaluation_questions"
    assert body["messages"][1]["content"].startswith("At most 6 questions.")
    (question,) = written
    assert isinstance(question, Question)
    assert question.chunk_id == trained.asked.chunk_id


async def test_chunk_without_questions_is_one_rejection_of_this_stage(folder: RunFolder) -> None:
    (trained,) = sample_trained_chunks(folder, make_few(1))

    (rejection,) = await ask_new_questions(
        trained.asked, ask_by_body(lambda _: '{"questions": []}'), make_settings()
    )

    assert isinstance(rejection, Rejection)
    assert (rejection.stage, rejection.reason) == (NEW_QUESTIONS.name, "no_questions")


ANY_EVIDENCE = make_settings("evaluation.max_shared_evidence=1")


def ask_about(trained: TrainedChunk, text: str) -> Question:
    asked = make_question(trained.asked)
    return asked.model_copy(update={"text": text, "question_id": f"{asked.question_id}{text}"})


def test_question_that_is_like_one_of_the_run_or_one_chosen_before_is_passed_over(
    folder: RunFolder,
) -> None:
    first, second, third = sample_trained_chunks(folder, make_few(3))
    known = next(read_records(folder.results_path("kept_questions"), Question)).text
    written = [
        ask_about(third, "How are old tools cleaned of rust?"),
        ask_about(second, "How are old tools cleaned of rust?"),
        ask_about(first, known),
        ask_about(first, "How are the old tools cleaned of rust?"),
        ask_about(second, "Where do apprentices keep their gloves?"),
    ]
    replace_file(folder.results_path(NEW_QUESTIONS.name), map(encode_record, written))

    chosen = choose_new_questions(folder, [first, second, third], ANY_EVIDENCE)

    assert [(new.question.text, new.chunk) for new in chosen] == [
        ("How are the old tools cleaned of rust?", first.chunk),
        ("Where do apprentices keep their gloves?", second.chunk),
    ]


@pytest.mark.parametrize(
    ("start", "end", "is_new"), [(0, 30, False), (10, 30, False), (18, 40, True), (30, 60, True)]
)
def test_question_with_the_evidence_of_a_training_row_is_passed_over(
    folder: RunFolder, start: int, end: int, is_new: bool
) -> None:
    (trained,) = sample_trained_chunks(folder, make_few(1))
    path, base = folder.dataset_dir / "provenance.jsonl", trained.chunk.start_char
    rows = [
        row.model_copy(update={"question_evidence": (Span(start_char=base, end_char=base + 30),)})
        for row in read_records(path, Provenance)
    ]
    replace_file(path, map(encode_record, rows))
    question = ask_about(trained, "Where do apprentices keep their gloves?")
    evidence = (Span(start_char=base + start, end_char=base + end),)
    question = question.model_copy(update={"evidence": evidence})
    replace_file(folder.results_path(NEW_QUESTIONS.name), [encode_record(question)])

    chosen = choose_new_questions(folder, [trained], make_settings())

    assert bool(chosen) is is_new


def test_questions_written_for_other_settings_are_not_chosen(folder: RunFolder) -> None:
    now: list[TrainedChunk] = sample_trained_chunks(folder, make_few(1))
    (former,) = sample_trained_chunks(folder, make_few(1, "questions.per_chunk=7"))
    written = [ask_about(former, "Where do apprentices keep their gloves?")]
    replace_file(folder.results_path(NEW_QUESTIONS.name), map(encode_record, written))

    assert choose_new_questions(folder, now, ANY_EVIDENCE) == []


def test_chunks_of_rows_that_only_validate_are_not_drawn(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "other", make_settings())
    path = folder.dataset_dir / "provenance.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"train.jsonl"', b'"validation.jsonl"'))

    assert sample_trained_chunks(folder, make_few(100)) == []
    assert next(read_records(folder.results_path("chunks"), Chunk), None) is not None
