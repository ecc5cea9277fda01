import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ConfigError, DamagedLogError
from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from jobs.dataset.rows.export_dataset import export_dataset
from jobs.exporting.data_card import data_card
from jobs.exporting.export_rows import export_rows
from jobs.exporting.row_formats import FORMATS
from jobs.settings.run_config import new_run_config
from schemas.dataset import Answer, Unanswerable
from schemas.documents import Chunk
from schemas.record import content_id
from tests.rows import each_row
from tests.unit.jobs.dataset.judge.judged_run import make_answered_run
from tests.unit.jobs.evaluation.made_run import REQUEST_ID, SUBJECTS, make_settings

Lines = dict[str, list[dict[str, Any]]]  # by format

ROOT = Path(__file__).parents[4]
KEYS = {  # of the lines of each format
    "chat": {"messages"},
    "prompt-completion": {"prompt", "completion"},
    "sharegpt": {"conversations"},
    "alpaca": {"instruction", "input", "output", "system"},
    "citation": {"messages"},
    "preference": {"prompt", "chosen", "rejected"},
    "parquet": {"messages", "kind", "document", "evidence", "is_unanswerable"},
}
ROW_COUNTS = {"preference": 2}  # where a row of the dataset may give no line
SETTINGS = make_settings("dataset.unanswerable_fraction=0.1")


async def make_exported_run(tmp_path: Path) -> RunFolder:
    """Nine answered rows, and one that shows the bench for a question about the anvil."""
    folder = make_answered_run(tmp_path / "run", SETTINGS)
    chunks = {each.title: each for each in read_records(folder.results_path("chunks"), Chunk)}
    answers = list(read_records(folder.results_path("answers"), Answer))
    anvil = next(each for each in answers if each.chunk_id == chunks["anvil"].chunk_id)
    unanswerable = Unanswerable(
        unanswerable_id=content_id("unanswerable", 1),
        answer_id=anvil.answer_id,
        question_id=anvil.question_id,
        chunk_id=chunks["bench"].chunk_id,
        text="The excerpt does not say.",
        judge="judge-1",
        request_id=REQUEST_ID,
    )
    replace_file(folder.results_path("unanswerable"), [encode_record(unanswerable)])
    async with Journal(folder.journal_path) as journal:
        await export_dataset(folder, SETTINGS, journal, Stopping())
    return folder


async def lines_of(folder: RunFolder, name: str) -> list[dict[str, Any]]:
    exported = await export_rows(folder, name)
    files = [exported.folder / file for file in exported.lines]
    if name == "parquet":
        from pyarrow.parquet import ParquetFile  # slow to import, and not needed by the others

        return [row for file in files for row in ParquetFile(file).read().to_pylist()]
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


@pytest.fixture(scope="module")
def exported(make_folder: Callable[[str], Path]) -> RunFolder:
    """A run of which tests only export rows, in any format."""
    return asyncio.run(make_exported_run(make_folder("exported")))


@pytest.fixture(scope="module")
def by_format(exported: RunFolder) -> Lines:
    """Its lines in every format."""
    return {name: asyncio.run(lines_of(exported, name)) for name in FORMATS}


def test_every_row_is_in_every_format(by_format: Lines) -> None:
    for name, lines in by_format.items():
        assert name in KEYS, "the keys of its lines are to stand in KEYS"
        assert len(lines) == ROW_COUNTS.get(name, 10), name
        assert all(set(line) == KEYS[name] for line in lines), name


@each_row("name", FORMATS)
def test_every_format_is_in_the_docs_and_the_help(name: str) -> None:
    docs = (ROOT / "docs" / "fine-tuning.md").read_text(encoding="utf-8")
    command = (ROOT / "jobs" / "commands" / "dataset" / "export.py").read_text(encoding="utf-8")

    assert f"| `{name}` |" in docs, "docs/fine-tuning.md: a row for it"
    assert re.search(rf'help="[^"]*\b{name}\b', command), "export.py: the help"


def test_chat_is_the_dataset_as_it_is(exported: RunFolder, by_format: Lines) -> None:
    files = [exported.dataset_dir / name for name in ("train.jsonl", "validation.jsonl")]

    assert by_format["chat"] == [
        json.loads(line) for file in files for line in file.read_text().splitlines()
    ]


def test_alpaca_tells_question_and_excerpt_apart(by_format: Lines) -> None:
    saw = next(line for line in by_format["alpaca"] if "saw" in line["instruction"])
    assert saw["instruction"] == "What is known of the saw?"
    assert SUBJECTS["saw"] in saw["input"]


def test_citation_ends_with_the_sentences_of_the_evidence(by_format: Lines) -> None:
    said = [line["messages"][-1]["content"] for line in by_format["citation"]]
    assert any(text.endswith(f"> {SUBJECTS['saw']}\n(saw.md)") for text in said)
    assert "The excerpt does not say." in said


async def test_parquet_holds_what_the_dataset_does_and_its_card_names_the_files(
    exported: RunFolder, by_format: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.exporting.parquet_file.ROWS_AT_ONCE", 4)

    lines = await lines_of(exported, "parquet")

    assert [line["messages"] for line in lines] == [line["messages"] for line in by_format["chat"]]
    assert [line["is_unanswerable"] for line in lines].count(True) == 1
    saw = next(line for line in lines if line["document"] == "saw.md")
    assert (saw["kind"], saw["evidence"]) == ("factual", [SUBJECTS["saw"]])
    card = (exported.run_dir / "export" / "parquet" / "README.md").read_text()
    assert "  - split: train\n    path: train.parquet\n" in card


async def test_without_pyarrow_the_command_that_installs_it_is_named(
    exported: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.exporting.parquet_file.find_spec", lambda _: None)

    with pytest.raises(ConfigError, match=r"needs pyarrow: pip install .*\[parquet\]"):
        await export_rows(exported, "parquet")


def test_preference_pairs_are_what_is_right_with_one_text_and_wrong_with_the_other(
    by_format: Lines,
) -> None:
    pairs = {
        (line["chosen"][0]["content"], line["rejected"][0]["content"]): line["prompt"][1]["content"]
        for line in by_format["preference"]
    }
    answer = "All of it, for What is known of the anvil?"
    refusal = "The excerpt does not say."
    assert SUBJECTS["anvil"] in pairs[answer, refusal]
    assert SUBJECTS["bench"] in pairs[refusal, answer]
    assert len(pairs) == 2


def test_nothing_held_out_is_exported(by_format: Lines) -> None:
    for name, lines in by_format.items():
        text = json.dumps(lines)

        assert not any(SUBJECTS[held_out] in text for held_out in ("lathe", "kiln", "loom")), name


async def test_card_says_what_the_rows_are(exported: RunFolder) -> None:
    made = await export_rows(exported, "sharegpt")

    card = (made.folder / "README.md").read_text()
    assert card.startswith("---\nconfigs:")
    assert "- rows whose excerpt holds no answer: 1" in card
    assert "- teacher: gpt-4.1-mini; judge: none" in card
    assert "write_answer.md: " in card
    assert "Licence of the documents, which rows quote: not given (documents.licence)." in card


async def test_card_says_licence_and_settings_and_nothing_of_this_machine(tmp_path: Path) -> None:
    settings = make_settings(
        "documents.licence=CC-BY-4.0",
        "questions.per_chunk=5",
        "teacher.base_url=http://10.0.0.9:8000/v1",
        f"documents_dir={tmp_path}",
    )

    card = "\n".join(data_card("chat", new_run_config(settings), [], {"train.jsonl": 0}))

    assert "which rows quote: CC-BY-4.0." in card
    assert "- questions.per_chunk = 5\n" in card
    assert "10.0.0.9" not in card
    assert str(tmp_path) not in card


async def test_unknown_format_names_those_that_there_are(exported: RunFolder) -> None:
    with pytest.raises(ConfigError, match=r"found 'xml', expected chat, .*parquet"):
        await export_rows(exported, "xml")


async def test_rows_without_their_provenance_are_not_guessed_at(tmp_path: Path) -> None:
    folder = await make_exported_run(tmp_path)
    replace_file(folder.dataset_dir / "train.jsonl", [])

    with pytest.raises(DamagedLogError, match="writes both anew"):
        await export_rows(folder, "chat")
