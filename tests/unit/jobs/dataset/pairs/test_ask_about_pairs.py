"""Questions that need two chunks of a document, from what is asked to the rows."""

from collections.abc import Sequence
from pathlib import Path

from engine.files.journal import Journal
from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.dataset.ask_teacher import QUESTIONS
from jobs.run.run_stages import run_stages
from schemas.dataset import Answer, HeldOutQuestion, Provenance, Question, Rejection
from schemas.documents import Chunk
from schemas.settings import RunSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.pairs.paired_run import (
    ANSWER,
    BEES,
    EVERY,
    GLAZE,
    KILN,
    PAIRED,
    QUESTION,
    Spooling,
    Teacher,
    is_of_pair,
    make_paired_run,
    make_piece,
    make_pieces,
    run_to_rows,
    shown_to,
)
from tests.unit.jobs.evaluation.made_run import make_settings
from tests.unit.jobs.run.contexts import make_context


async def ask_only(folder: RunFolder, ask: Teacher | Spooling, settings: RunSettings) -> None:
    async with Journal(folder.journal_path) as journal:
        await run_stages((QUESTIONS,), make_context(folder, settings, ask, journal))


async def asked_about(
    tmp_path: Path, chunks: Sequence[Chunk], *, leaked: Sequence[str] = (), more: str = ""
) -> list[str]:
    """What the teacher is shown that holds two chunks."""
    settings = make_settings(*EVERY, *([more] if more else []))
    folder, teacher = make_paired_run(tmp_path / "run", chunks, leaked), Teacher()
    await ask_only(folder, teacher, settings)
    return [shown_to(each) for each in teacher.requests if is_of_pair(each)]


def reasons(folder: RunFolder) -> set[str]:
    return {each.reason for each in read_records(folder.rejected_path, Rejection)}


async def test_row_of_a_question_that_needs_two_chunks_shows_both(tmp_path: Path) -> None:
    chunks = make_pieces(KILN, BEES, GLAZE)
    folder = make_paired_run(tmp_path / "run", chunks)

    rows = await run_to_rows(folder, Teacher())

    (row,) = [each for each in rows if each[2]["content"] == ANSWER]
    user = row[1]["content"]
    assert user.startswith("Excerpt from Pots > Part 0; Pots > Part 2:\n\n")
    assert user.index(KILN) < user.index(GLAZE)
    assert BEES not in user
    assert user.endswith(QUESTION)
    assert len(rows) == 4
    found = read_records(folder.results_path("kept_questions"), Question)
    (question,) = [each for each in found if each.second_chunk_id]
    assert {question.chunk_id, question.second_chunk_id} == {
        chunks[0].chunk_id,
        chunks[2].chunk_id,
    }
    assert [span.start_char for span in question.evidence] == [0, 2000]
    rows_of = read_records(folder.dataset_dir / "provenance.jsonl", Provenance)
    (provenance,) = [each for each in rows_of if each.second_chunk_id]
    assert provenance.answer_evidence == question.evidence


async def test_parts_around_the_evidence_are_shown_of_both(tmp_path: Path) -> None:
    folder = make_paired_run(tmp_path / "run", make_pieces(KILN, GLAZE))
    settings = make_settings(*EVERY, "dataset.unanswerable_fraction=0", "dataset.excerpt_tokens=16")

    rows = await run_to_rows(folder, Teacher(), settings)

    (row,) = [each for each in rows if each[2]["content"] == ANSWER]
    shown = row[1]["content"].split("\n\n")[1:3]
    assert shown == [KILN.partition(" Its")[0], GLAZE.partition(" A potter")[0]]


async def test_answer_is_asked_with_both_chunks_and_its_evidence_lies_in_both(
    tmp_path: Path,
) -> None:
    folder = make_paired_run(tmp_path / "run", make_pieces(KILN, GLAZE))
    teacher = Teacher(answer_evidence=(1,))

    rows = await run_to_rows(folder, teacher)

    (asked,) = [r for r in teacher.requests if r.purpose == "answers" and is_of_pair(r)]
    assert "[3] Cobalt glaze on porcelain turns grey" in shown_to(asked)
    assert all(each[2]["content"] != ANSWER for each in rows)
    (dropped,) = read_records(folder.rejected_path, Rejection)
    assert (dropped.stage, dropped.reason) == ("answers", "evidence_in_one_passage")
    assert dropped.second_chunk_id


async def test_answer_for_which_one_chunk_would_do_is_dropped(tmp_path: Path) -> None:
    folder = make_paired_run(tmp_path / "run", make_pieces(KILN, GLAZE))
    said = "The kiln is heated to 1220 degrees before porcelain goes in: cobalt will turn grey."

    rows = await run_to_rows(folder, Teacher(answer=said))

    assert all(each[2]["content"] != said for each in rows)
    (dropped,) = read_records(folder.rejected_path, Rejection)
    assert (dropped.reason, dropped.score) == ("needs_one_passage", 1.0)


async def test_question_whose_evidence_lies_in_one_chunk_is_dropped(tmp_path: Path) -> None:
    folder = make_paired_run(tmp_path / "run", make_pieces(KILN, GLAZE))

    await ask_only(folder, Teacher(evidence=(1, 2)), PAIRED)

    assert reasons(folder) == {"evidence_in_one_passage"}
    (dropped,) = read_records(folder.rejected_path, Rejection)
    assert (dropped.kind, len(dropped.evidence)) == ("why", 2)


async def test_two_chunks_that_are_related_to_each_other_are_asked_about_together_once(
    tmp_path: Path,
) -> None:
    assert len(await asked_about(tmp_path, make_pieces(KILN, GLAZE))) == 1


async def test_chunks_of_other_documents_and_of_the_other_side_are_never_shown(
    tmp_path: Path,
) -> None:
    chunks = [
        make_piece(0, KILN),
        make_piece(1, GLAZE, side="held_out"),
        make_piece(2, GLAZE, document="other"),
    ]

    assert await asked_about(tmp_path, chunks) == []
    assert reasons(RunFolder(tmp_path / "run")) == {"no_related_chunk"}


@each_row("other", [BEES, f"{KILN} It is so."])
async def test_chunk_that_speaks_of_other_things_or_says_the_same_is_not_shown(
    other: str, tmp_path: Path
) -> None:
    assert await asked_about(tmp_path, make_pieces(KILN, other)) == []


async def test_leaked_chunk_is_not_shown(tmp_path: Path) -> None:
    chunks = make_pieces(KILN, GLAZE)

    assert await asked_about(tmp_path, chunks, leaked=[chunks[1].chunk_id]) == []


async def test_chunk_with_a_key_is_not_shown_where_no_secret_may_be_sent(tmp_path: Path) -> None:
    secret = f"{GLAZE} The kiln opens with {'AKIA' + 'ABCDEFGHIJKLMNOP'}."
    chunks = make_pieces(KILN, secret)

    assert await asked_about(tmp_path, chunks, more="questions.sends=no_secrets") == []
    assert reasons(RunFolder(tmp_path / "run")) == {"holds_private_data"}


async def test_in_batches_a_chunk_and_its_pair_share_a_round(tmp_path: Path) -> None:
    folder, spool = make_paired_run(tmp_path / "run", make_pieces(KILN, GLAZE)), Spooling()

    await ask_only(folder, spool, PAIRED)

    assert sorted(map(is_of_pair, spool.requests)) == [False, False, True]


async def test_questions_about_chunks_alone_are_the_same_requests_with_and_without_pairs(
    tmp_path: Path,
) -> None:
    asked = []
    for fraction in (0, 1):
        settings = make_settings(*EVERY, f"questions.pair_fraction={fraction}")
        teacher = Teacher()
        folder = make_paired_run(tmp_path / str(fraction), make_pieces(KILN, GLAZE))
        await ask_only(folder, teacher, settings)
        asked.append({r.request_id for r in teacher.requests if not is_of_pair(r)})

    assert asked[0] == asked[1]


@each_row("layout", ["question", "chunk"])
async def test_questions_of_a_pair_are_answered_apart_from_those_of_a_chunk(
    layout: str, tmp_path: Path
) -> None:
    folder, teacher = make_paired_run(tmp_path / "run", make_pieces(KILN, GLAZE)), Teacher()
    settings = make_settings(*EVERY, "dataset.unanswerable_fraction=0", f"answers.layout={layout}")

    rows = await run_to_rows(folder, teacher, settings)

    answered = [each for each in teacher.requests if each.purpose == "answers"]
    assert sorted(map(is_of_pair, answered)) == [False, False, True]
    assert len(rows) == 3
    answers = read_records(folder.results_path("answers"), Answer)
    assert sum(bool(each.second_chunk_id) for each in answers) == 1


async def test_held_out_question_carries_the_text_of_both(tmp_path: Path) -> None:
    chunks = [make_piece(0, KILN, side="held_out"), make_piece(1, GLAZE, side="held_out")]
    folder = make_paired_run(tmp_path / "run", chunks)

    await run_to_rows(folder, Teacher())

    lines = read_records(folder.dataset_dir / "held_out.jsonl", HeldOutQuestion)
    (line,) = [each for each in lines if each.second_chunk_id]
    assert line.context == f"{KILN}\n\n{GLAZE}"


async def test_cap_of_a_document_counts_the_questions_of_pairs(tmp_path: Path) -> None:
    folder = make_paired_run(tmp_path / "run", make_pieces(KILN, BEES, GLAZE, KILN))

    def count(*assignments: str) -> int | None:
        settings = make_settings("questions.max_per_document=6", *assignments)
        return QUESTIONS.count_items(folder, settings)

    assert count("questions.per_chunk=2") == 3
    assert count("questions.per_chunk=2", "questions.pair_fraction=1") == 1
    assert count("questions.per_chunk=1", "questions.pair_fraction=1") == 2
