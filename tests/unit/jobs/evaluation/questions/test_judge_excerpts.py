"""Unanswerable questions of an evaluation come with texts in which the judge finds no answer."""

from pathlib import Path

import pytest

from engine.errors import Deferred
from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from engine.testing.stage_parts import FakeAsk
from jobs.evaluation.questions.build_samples import SAMPLES
from jobs.run.run_stages import StagesEnd, run_stages
from jobs.run.stages import StageContext
from schemas.documents import Chunk
from schemas.evaluation import Contest, Mode, Sample
from schemas.outcomes import Outcome
from schemas.record import content_id
from schemas.requests import Request
from tests.unit.jobs.dataset.judge.judged_run import judge_saying, verdicts
from tests.unit.jobs.evaluation.made_run import make_run, make_settings

NEAR = "It is known of the lathe that its belt was oiled."
GUARDED = "evaluation.max_unanswerable=3"


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run with a text beside the held-out lathe that shares its question's words."""
    folder = make_run(tmp_path / "run", make_settings())
    path = folder.results_path("chunks")
    chunks = list(read_records(path, Chunk))
    lathe = next(each for each in chunks if each.title == "lathe")
    near = lathe.model_copy(
        update={"chunk_id": content_id("near"), "text": NEAR, "start_char": 5_000}
    )
    replace_file(path, map(encode_record, [*chunks, near]))
    return folder


async def build(
    folder: RunFolder, ask: FakeAsk, *assignments: str, mode: Mode = "open"
) -> StagesEnd:
    async with Journal(folder.journal_path) as journal:
        context = StageContext(
            folder=folder,
            settings=make_settings(GUARDED, *assignments),
            ask=ask,
            journal=journal,
            stopping=Stopping(),
            order=Contest({"baseline": "m"}, mode, None),
        )
        return await run_stages((SAMPLES,), context)


def contexts(folder: RunFolder) -> set[str]:
    samples = read_records(folder.results_path(SAMPLES.name), Sample)
    return {each.context for each in samples if each.slice == "unanswerable"}


@pytest.mark.parametrize("answerable", [True, False])
async def test_text_in_which_the_judge_finds_an_answer_is_not_used(
    answerable: bool, folder: RunFolder
) -> None:
    judge = judge_saying(lambda _: verdicts({"answerable": answerable}))

    await build(folder, judge)

    (request,) = judge.requests
    assert (request.purpose, request.model) == ("evaluation_unanswerable", "gpt-4o-mini")
    assert (NEAR in contexts(folder)) is not answerable
    assert len(contexts(folder)) >= 2


async def test_text_on_which_the_judge_says_nothing_is_not_used(folder: RunFolder) -> None:
    await build(folder, judge_saying(lambda _: "no verdict"))

    assert NEAR not in contexts(folder)


async def test_verdict_that_waits_for_a_batch_puts_the_samples_off(folder: RunFolder) -> None:
    def spool(_: Request) -> Outcome:
        raise Deferred

    end = await build(folder, FakeAsk(spool))

    assert not end.is_done
    assert not folder.results_path(SAMPLES.name).exists()


@pytest.mark.parametrize(
    ("assignment", "mode", "is_near"),
    [
        ("evaluation.unanswerable_texts=near", "open", True),
        ("evaluation.unanswerable_texts=far", "open", False),
        ("evaluation.unanswerable_texts=judged", "closed", True),
    ],
)
async def test_otherwise_the_judge_is_not_asked(
    assignment: str, mode: Mode, is_near: bool, folder: RunFolder
) -> None:
    ask = FakeAsk()

    await build(folder, ask, assignment, mode=mode)

    assert ask.requests == []
    assert (NEAR in contexts(folder)) is is_near
