"""What the judge and the texts nearby mean for questions that need two chunks."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from engine.files.journal import Journal
from engine.files.records import RecordLog, read_records
from jobs.dataset.judge.judge_rows import VERDICTS
from jobs.dataset.rows.held_out_rows import held_out_rows
from jobs.dataset.rows.near_chunks import read_near_chunks
from jobs.documents.passages import Passages
from jobs.evaluation.questions.build_samples import evidence_text, held_out_samples
from jobs.run.reset import reset_stages
from jobs.run.run_stages import run_stages
from schemas.dataset import Rejection, Verdict
from schemas.documents import Chunk
from schemas.settings import EvaluationSettings
from tests.unit.jobs.dataset.judge.judged_run import judge_saying, verdicts
from tests.unit.jobs.dataset.pairs.paired_run import (
    ANSWER,
    BEES,
    EVERY,
    GLAZE,
    KILN,
    QUESTION,
    Teacher,
    make_paired_run,
    make_piece,
    make_pieces,
    run_to_rows,
)
from tests.unit.jobs.evaluation.made_run import make_settings
from tests.unit.jobs.run.contexts import make_context

JUDGED = make_settings(*EVERY, "dataset.unanswerable_fraction=0", "judge.of_rows=true")


async def test_claims_of_the_answer_stand_in_both_chunks(tmp_path: Path) -> None:
    folder = make_paired_run(tmp_path / "run", make_pieces(KILN, GLAZE))
    await run_to_rows(folder, Teacher())
    for sentences, reason in (
        ((1, 3), None),
        ((1, 2), "judged_one_passage"),
        ((3,), None),  # one claim may be drawn from both
        ((1, 2, 4), None),
    ):
        judge = judge_saying(partial(_judge_claims, sentences))

        reset_stages(folder, (VERDICTS,))
        async with Journal(folder.journal_path) as journal:
            await run_stages((VERDICTS,), make_context(folder, JUDGED, judge, journal))

        assert len(judge.requests) == 3, sentences
        dropped = list(read_records(folder.rejected_path, Rejection))
        assert [each.reason for each in dropped] == ([reason] if reason else []), sentences
        assert all(each.second_chunk_id for each in dropped), sentences
        kept = list(read_records(folder.results_path("verdicts"), Verdict))
        assert len(kept) == 3 - len(dropped), sentences


def _judge_claims(sentences: Sequence[int], shown: str) -> str:
    """Where both chunks are shown, the answer claims something of each of these sentences."""
    claims = [{"claim": f"claim {n}", "sentence": n} for n in sentences]
    return verdicts({"claims": claims} if shown.count("\nSection: ") == 2 else {})


async def test_text_that_does_not_answer_is_none_of_the_two(tmp_path: Path) -> None:
    near = f"A potter puts porcelain with cobalt glaze in the kiln, where it can turn grey. {BEES}"
    one, two, three = make_pieces(KILN, GLAZE, near)
    folder = make_paired_run(tmp_path / "run", [one, two, three])

    async with RecordLog(folder.results_path("chunks"), Chunk) as chunks:
        found = read_near_chunks(folder, chunks)
        alone = found.hard_for(QUESTION, "The door is painted.", Passages(one))
        both = found.hard_for(QUESTION, "The door is painted.", Passages(one, two))

    assert two in alone
    assert both == [three]


async def test_held_out_question_is_evaluated_with_both(tmp_path: Path) -> None:
    chunks = [make_piece(n, text, side="held_out") for n, text in enumerate((KILN, GLAZE))]
    folder = make_paired_run(tmp_path / "run", chunks)
    settings = make_settings(*EVERY, "answers.held_out=true")
    await run_to_rows(folder, Teacher(), settings)

    async with RecordLog(folder.results_path("chunks"), Chunk) as log:
        samples = held_out_samples(folder, log, EvaluationSettings())

    (sample,) = [each for each in samples if len(each.chunk_ids) == 2]
    assert sample.context == f"{KILN}\n\n{GLAZE}"
    assert sample.title == "Pots > Part 0; Pots > Part 1"
    assert evidence_text(sample) == f"{KILN.partition(' Its')[0]} {GLAZE.partition(' A p')[0]}"
    assert sample.reference == ANSWER
    shown = [row.decode() for row in held_out_rows(folder, settings) if ANSWER in row.decode()]
    assert "Excerpt from Pots > Part 0; Pots > Part 1:" in shown[0]
