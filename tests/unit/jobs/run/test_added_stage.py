"""A stage that is added to the tuple is seen by everything that looks at stages."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.ask import Ask
from engine.files.journal import Journal
from engine.files.records import read_ids, read_records
from engine.run_folder import RunFolder
from engine.stage import StageFiles
from engine.stopping import Stopping
from engine.testing.calls import chat_request, completed, failed
from jobs.dataset.stages import DATASET
from jobs.documents.chunk_documents import CHUNKS
from jobs.plan.replay import open_replay
from jobs.run.changing.changes import RunChanges, apply_changes, find_changes
from jobs.run.changing.preview import preview_changes
from jobs.run.changing.retry import retry_failed
from jobs.run.run_stages import StagesEnd, run_stages
from jobs.run.stages import Items, ItemWork, Stage, StageContext, Stages, only_settings
from jobs.settings.run_config import read_run_config
from jobs.show.describe import describe_run
from jobs.show.summarize import summarize_run
from schemas.dataset import Rejection
from schemas.documents import Chunk
from schemas.outcomes import Failed, Outcome
from schemas.record import Record
from schemas.requests import Request
from schemas.settings import RunSettings
from schemas.settings.touches import Touches
from tests.unit.jobs.evaluation.made_run import SUBJECTS, make_run, make_settings
from tests.unit.jobs.run.contexts import make_context

DOCUMENTS, SPLIT, CHUNK, *_ = DATASET
PURPOSE = "titles"
PROMPT = "write_answer.md"
SETTINGS = make_settings()


class Title(Record):
    title_id: str
    text: str


def list_chunks(context: StageContext[None], files: StageFiles[Title]) -> Items[Chunk]:
    path = context.folder.results_path(CHUNKS.name)
    chunks = read_records(path, Chunk, is_wanted=files.is_unfinished)
    return Items(chunks, sum(1 for _ in read_ids(path, Chunk)), len(files.finished))


async def write_title(chunk: Chunk, ask: Ask, _: RunSettings) -> Sequence[Title | Rejection]:
    outcome = await ask(chat_request(f"title-{chunk.title}", purpose=PURPOSE))
    if isinstance(outcome, Failed):
        return [Rejection.of(chunk.chunk_id, stage="titles", reason=outcome.code)]
    return [Title(title_id=chunk.chunk_id, text=chunk.title.upper())]


TITLES: Stage[None] = Stage(
    name="titles",
    label="titles of chunks",
    result=Title,
    reads=(CHUNKS.name,),
    work=ItemWork(items=list_chunks, needs=only_settings, work=write_title),
    prompts={"standard": (PROMPT,)},
    purposes=(PURPOSE,),
)
WITH_TITLES: Stages[None] = (DOCUMENTS, SPLIT, CHUNK, TITLES)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = make_run(tmp_path / "run", SETTINGS)
    folder.sources_path.touch()
    return folder


async def take(folder: RunFolder, failing: str = "") -> StagesEnd:
    """Take the run through its stages; the title of chunk `failing` is refused for good."""
    async with Journal(folder.journal_path) as journal:

        async def ask(request: Request) -> Outcome:
            if (settled := journal.get(request.request_id)) is not None:
                return settled
            is_refused = request.request_id == f"title-{failing}"
            outcome = failed(request) if is_refused else completed(request)
            await journal.append(outcome)
            return outcome

        context = make_context(folder, SETTINGS, ask, journal)
        return await run_stages(WITH_TITLES, context)


def titles(folder: RunFolder) -> list[str]:
    return sorted(title.text for title in read_records(folder.results_path("titles"), Title))


def changed_prompt(folder: RunFolder) -> RunChanges:
    before = read_run_config(folder.config_path)
    assert before is not None
    prompts = {**before.run.prompts, PROMPT: "another hash"}
    after = before.model_copy(update={"run": before.run.model_copy(update={"prompts": prompts})})
    return RunChanges(find_changes(before, after, WITH_TITLES), ())


async def test_it_is_run_after_the_stages_that_it_reads(folder: RunFolder) -> None:
    end = await take(folder)

    assert (end.stage, end.is_done) == ("titles", True)
    assert titles(folder) == sorted(name.upper() for name in SUBJECTS)


async def test_status_shows_what_it_kept_and_dropped(folder: RunFolder) -> None:
    await take(folder, failing="lathe")

    shown = describe_run(summarize_run(folder, WITH_TITLES), WITH_TITLES)

    assert "titles of chunks 11 of 12 kept; 1 dropped: invalid_value 1" in shown


async def test_summary_counts_its_items(folder: RunFolder) -> None:
    await take(folder, failing="lathe")

    summary = summarize_run(folder, WITH_TITLES)

    assert summary.stages["titles"].finished == 12
    assert summary.requests[PURPOSE].completed == 11


async def test_change_of_its_prompt_resets_it_and_nothing_before(folder: RunFolder) -> None:
    await take(folder)
    chunks = folder.results_path("chunks").read_bytes()

    changes = changed_prompt(folder)
    apply_changes(folder, changes, WITH_TITLES)

    assert [change.touches for change in changes.settings] == [Touches("titles", "requests")]
    assert titles(folder) == []
    assert not folder.finished_path("titles").exists()
    assert folder.results_path("chunks").read_bytes() == chunks


async def test_preview_says_what_it_would_ask_anew(folder: RunFolder) -> None:
    await take(folder)
    settled = folder.journal_path.read_bytes().splitlines(keepends=True)
    folder.journal_path.write_bytes(b"".join(settled[:-2]))

    preview = await preview_changes(
        folder,
        SETTINGS,
        changed_prompt(folder),
        lambda model, usage: 0.5,
        Stopping(),
        WITH_TITLES,
    )

    assert (preview.stage, preview.used_again, preview.asked_anew) == ("titles", 10, 2)
    assert titles(folder) == sorted(name.upper() for name in SUBJECTS)


async def test_plan_counts_what_it_would_ask_wherever_it_stands(folder: RunFolder) -> None:
    async with open_replay(
        folder, SETTINGS, lambda model, usage: 0.5, Stopping(), WITH_TITLES
    ) as replay:
        await replay.read_documents()
        asked = await replay.ask_dataset()

    assert sum(each.left_count for each in asked["titles"].values()) == len(SUBJECTS)
    assert titles(folder) == []


async def test_retry_asks_its_failed_requests_again(folder: RunFolder) -> None:
    await take(folder, failing="lathe")

    count = retry_failed(folder, WITH_TITLES)
    await take(folder)

    assert count == 1
    assert titles(folder) == sorted(name.upper() for name in SUBJECTS)
    assert list(read_records(folder.rejected_path, Rejection)) == []
