import json
from pathlib import Path
from typing import Any

from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing.stage_parts import FakeAsk
from jobs.dataset.rows.export_dataset import EXPORT
from jobs.dataset.rows.unanswerable import NO_ANSWER, UNANSWERABLE
from jobs.run.run_stages import run_stages
from schemas.dataset import Answer, Question, Rejection, Unanswerable
from schemas.documents import Chunk
from schemas.record import Span, content_id
from schemas.settings import RunSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.judge.judged_run import judge_saying, make_answered_run, verdicts
from tests.unit.jobs.evaluation.made_run import REQUEST_ID, make_settings
from tests.unit.jobs.run.contexts import make_context

SETTINGS = make_settings("dataset.unanswerable_fraction=0.5")
ASKED = (
    "The kiln of the potter is heated to 1220 degrees before porcelain goes in, never less. A "
    "potter who opens it early breaks the glaze of all cups that stand in front."
)
NEAR = (
    "The kiln of the potter stands behind the house, where porcelain and bricks are kept dry. Its "
    "door was painted green, and a small bell hangs from it so that nobody forgets it."
)
FAR = "Bees are fed in autumn. They fly out in spring, when willows bloom along the river."
ANSWER = "Porcelain goes in at 1220 degrees, for less breaks the glaze of cups in front."
QUESTION = "How far must the potter heat the kiln before porcelain goes in?"


def make_chunk(number: int, text: str) -> Chunk:
    return Chunk(
        chunk_id=content_id("chunk", number),
        document_id=content_id("document"),
        path="kiln.md",
        title="Kilns",
        side="train",
        start_char=number * 1000,
        end_char=number * 1000 + len(text),
        first_page=None,
        last_page=None,
        headings=("Firing",),
        token_count=30,
        text=text,
    )


def make_kiln_run(run_dir: Path, *texts: str) -> RunFolder:
    """A run with one answered question about the first of the chunks."""
    folder = make_answered_run(run_dir, SETTINGS)
    chunks = [make_chunk(number, text) for number, text in enumerate(texts)]
    shared: dict[str, Any] = {
        "question_id": content_id("question", drawn()),
        "chunk_id": chunks[0].chunk_id,
        "document_id": chunks[0].document_id,
        "side": "train",
        "evidence": (Span(start_char=0, end_char=20),),
        "scores": {},
        "request_id": REQUEST_ID,
    }
    question = Question(kind="factual", text=QUESTION, **shared)
    answer = Answer(answer_id=drawn(), text=ANSWER, model="teacher", **shared)
    replace_file(folder.results_path("chunks"), map(encode_record, chunks))
    replace_file(folder.results_path("kept_questions"), [encode_record(question)])
    replace_file(folder.results_path("answers"), [encode_record(answer)])
    return folder


def drawn() -> str:
    """An id of an answer that is among those that get such a row."""
    ids = (content_id("answer", number) for number in range(100))
    return next(each for each in ids if content_id("unanswerable", each)[0] in "01")


async def find(folder: RunFolder, ask: FakeAsk, settings: RunSettings = SETTINGS) -> list[Any]:
    async with Journal(folder.journal_path) as journal:
        await run_stages((UNANSWERABLE, EXPORT), make_context(folder, settings, ask, journal))
    lines = (folder.dataset_dir / "train.jsonl").read_text().splitlines()
    return [json.loads(line)["messages"] for line in lines]


def reasons(folder: RunFolder) -> list[str]:
    return [each.reason for each in read_records(folder.rejected_path, Rejection)]


async def test_question_gets_a_second_row_with_the_near_text_that_does_not_answer_it(
    tmp_path: Path,
) -> None:
    folder = make_kiln_run(tmp_path / "run", ASKED, FAR, NEAR)
    ask = judge_saying(lambda _: verdicts({"answerable": False}))

    rows = await find(folder, ask)

    assert len(rows) == 2
    (without,) = [row for row in rows if row[2]["content"] == NO_ANSWER["en"]]
    assert NEAR in without[1]["content"]
    assert without[1]["content"].endswith(QUESTION)
    (line,) = read_records(folder.results_path("unanswerable"), Unanswerable)
    assert line.chunk_id == make_chunk(2, NEAR).chunk_id
    provenance = (folder.dataset_dir / "provenance.jsonl").read_text().splitlines()
    flags = [json.loads(each).get("is_unanswerable", False) for each in provenance]
    assert sorted(flags) == [False, True]


async def test_text_in_which_the_judge_finds_an_answer_is_not_used(tmp_path: Path) -> None:
    folder = make_kiln_run(tmp_path / "run", ASKED, NEAR)

    rows = await find(folder, judge_saying(lambda _: verdicts({})))

    assert len(rows) == 1
    assert reasons(folder) == ["judged_answerable"]


@each_row("other", [FAR, f"{ASKED} It is so."])
async def test_text_that_is_far_or_says_the_same_is_asked_of_nobody(
    other: str, tmp_path: Path
) -> None:
    folder = make_kiln_run(tmp_path / "run", ASKED, other)
    ask = judge_saying(lambda _: verdicts({"answerable": False}))

    rows = await find(folder, ask)

    assert (len(rows), ask.requests) == (1, [])
    assert reasons(folder) == ["no_hard_excerpt"]


async def test_rows_without_excerpts_cannot_lack_an_answer(tmp_path: Path) -> None:
    folder = make_kiln_run(tmp_path / "run", ASKED, NEAR)
    settings = make_settings("dataset.unanswerable_fraction=0.5", "dataset.closed_book=true")
    ask = FakeAsk()

    rows = await find(folder, ask, settings)

    assert (len(rows), ask.requests) == (1, [])


async def test_without_the_setting_nothing_is_asked(tmp_path: Path) -> None:
    folder = make_kiln_run(tmp_path / "run", ASKED, NEAR)
    ask = FakeAsk()

    assert len(await find(folder, ask, make_settings("dataset.unanswerable_fraction=0"))) == 1
    assert ask.requests == []
    assert not folder.results_path("unanswerable").exists()
