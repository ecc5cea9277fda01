"""Changes of a run that has begun, on files alone."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.errors import StorageError
from engine.files.records import encode_record, read_ids
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from engine.stopping import Stopping
from jobs.dataset.stages import DATASET
from jobs.documents.list_sources import MissingDocument, find_missing_documents, list_sources
from jobs.run.changing.changes import (
    Change,
    RunChanges,
    apply_changes,
    find_changes,
    find_changes_of_rows,
    read_touches,
)
from jobs.settings.resolve import read_assignments, resolve_settings
from jobs.settings.run_config import new_run_config, with_settings
from schemas.dataset import Rejection
from schemas.documents import Document, SplitAssignment
from schemas.record import Record
from schemas.settings.touches import Touches
from tests.rows import each_row

IDS = {name: f"{number:032x}" for number, name in enumerate(("kept", "gone", "broken"))}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run that has read two documents, of which the folder holds none any more."""
    folder = RunFolder(tmp_path / "run")
    folder.create()
    documents = [
        Document(
            document_id=IDS[name],
            path=f"{name}.md",
            format="markdown",
            size_bytes=1,
            title=name,
            word_count=1,
            text=name,
        )
        for name in ("kept", "gone")
    ]
    write(folder.results_path("documents"), documents)
    write(folder.results_path("split"), [assignment(name) for name in ("kept", "gone")])
    for stage in ("documents", "chunks"):
        write(folder.finished_path(stage), [finished(name) for name in ("kept", "gone")])
    (tmp_path / "documents").mkdir()
    return folder


def write(path: Path, records: Sequence[Record]) -> None:
    replace_file(path, map(encode_record, records))


def assignment(name: str) -> Record:
    return SplitAssignment(document_id=IDS[name], spans=())


def finished(name: str) -> Record:
    return FinishedItem(item_id=IDS[name], result_count=1, rejection_count=0)


async def test_documents_that_left_half_way_are_still_known_to_be_gone(
    folder: RunFolder, tmp_path: Path
) -> None:
    await list_sources(folder, tmp_path / "documents", Stopping())
    missing = tuple(find_missing_documents(folder))
    obstacle = tmp_path / "run" / "documents.jsonl.new"
    obstacle.mkdir()

    with pytest.raises(StorageError):
        apply_changes(folder, RunChanges((), missing), DATASET)
    obstacle.rmdir()

    assert find_missing_documents(folder) == list(missing)
    assert not folder.finished_path("chunks").exists()


def test_other_limits_of_reading_move_no_document_to_the_other_side(folder: RunFolder) -> None:
    split = folder.results_path("split").read_bytes()
    key = "documents.max_seconds_per_file"
    touches = read_touches()[key]
    assert isinstance(touches, Touches)

    apply_changes(folder, RunChanges((Change(key, touches),), ()), DATASET)

    assert folder.results_path("split").read_bytes() == split
    assert not folder.finished_path("documents").exists()
    assert not folder.finished_path("chunks").exists()


@pytest.mark.parametrize("reason", ["missing_extra", "reader_crashed"])
async def test_file_that_was_not_read_is_tried_again_when_it_may_have_been_mended(
    folder: RunFolder, tmp_path: Path, reason: str
) -> None:
    source = tmp_path / "documents" / "broken.docx"
    source.write_bytes(b"x")
    await list_sources(folder, tmp_path / "documents", Stopping())
    (document_id,) = read_ids(folder.sources_path, Document)
    write(folder.rejected_path, [Rejection.of(document_id, stage="documents", reason=reason)])
    write(
        folder.finished_path("documents"),
        [FinishedItem(item_id=document_id, result_count=0, rejection_count=1)],
    )

    await list_sources(folder, tmp_path / "documents", Stopping())
    tried_again = document_id not in read_ids(folder.finished_path("documents"), FinishedItem)
    source.unlink()
    await list_sources(folder, tmp_path / "documents", Stopping())
    unfinished = document_id not in read_ids(folder.finished_path("documents"), FinishedItem)

    assert tried_again == (reason == "missing_extra")
    assert unfinished
    assert not list(read_ids(folder.rejected_path, Rejection))


async def test_run_that_lies_among_its_documents_is_none_of_them(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.create()
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "run" / "notes.md").write_text("other text")

    await list_sources(folder, tmp_path, Stopping())

    assert len(list(read_ids(folder.sources_path, Document))) == 1
    assert not list(read_ids(folder.rejected_path, Rejection))


def test_of_many_documents_that_are_gone_the_first_are_named() -> None:
    gone = tuple(MissingDocument(f"{n:032x}", f"{n}.md", is_changed=False) for n in range(1020))

    lines = list(RunChanges((), gone).describe())

    assert lines[0] == "document gone: 0.md"
    assert lines[-1] == "and 1,000 more documents that changed or are gone"
    assert len(lines) == 21


@each_row(
    "assignment, asks_anew",
    [
        ("teacher.parameters.reasoning_effort=low", ["teacher.parameters"]),
        ("teacher.parameters.service_tier=priority", []),
        ("judge.parameters.seed=1", []),
    ],
)
def test_parameter_asks_anew_only_if_it_changes_replies(
    assignment: str, asks_anew: list[str]
) -> None:
    before = new_run_config(resolve_settings([]))
    after = with_settings(before, resolve_settings([read_assignments([assignment])]))

    changes = find_changes(before, after, DATASET)

    assert [change.what.split(":")[0] for change in changes] == asks_anew
    assert all(change.asks_anew for change in changes)


@each_row(
    "was, now, flag",
    [
        ("answers.min_chars=9", "answers.min_chars=5", "--set answers.min_chars=9"),
        ("answers.temperature=", "answers.temperature=0.5", "--set answers.temperature="),
        (
            "teacher.parameters={seed = 7}",
            "teacher.parameters={}",
            "--set 'teacher.parameters={seed = 7}'",
        ),
        (
            'questions.personas=["a nurse"]',
            "questions.personas=[]",
            "--set 'questions.personas=['\"'\"'a nurse'\"'\"']'",
        ),
    ],
)
def test_change_knows_the_flag_that_takes_it_back(was: str, now: str, flag: str) -> None:
    before = new_run_config(resolve_settings([read_assignments([was])]))
    after = with_settings(before, resolve_settings([read_assignments([now])]))

    (change,) = find_changes(before, after, DATASET)

    _, assignment = shlex.split(change.former)
    assert change.former == flag
    assert resolve_settings([read_assignments([assignment])]) == before.settings


def test_judge_that_an_evaluation_named_judges_no_rows_without_consent() -> None:
    of_rows = ("teacher.model=m", "judge.of_rows=true")
    first, second = (
        resolve_settings([read_assignments([*of_rows, f"judge.model={name}"])])
        for name in ("first", "second")
    )
    run = new_run_config(first)
    evaluated = run.model_copy(update={"settings": second})  # as an evaluation leaves it

    (change,) = find_changes(evaluated, with_settings(evaluated, second), DATASET)

    assert change.what == "judge.model: rows are judged by 'first' -> 'second'"
    assert change.asks_anew
    assert not find_changes(evaluated, with_settings(evaluated, first), DATASET)
    assert not find_changes(evaluated, evaluated, DATASET)


def test_settings_that_only_write_rows_anew_are_told_beside_those_that_touch_a_stage() -> None:
    before = new_run_config(resolve_settings([read_assignments(["teacher.model=m"])]))
    given = [
        "teacher.model=m",
        "dataset.max_near_duplicate_answer=0.5",
        "questions.min_chars=20",
        "limits.burst_s=2",
    ]
    after = with_settings(before, resolve_settings([read_assignments(given)]))

    assert list(find_changes_of_rows(before, after)) == [
        "dataset.max_near_duplicate_answer: 0.8 -> 0.5"
    ]
