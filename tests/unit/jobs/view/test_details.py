"""A line of the page shows what it is about: one chunk or two, each with its evidence marked."""

import asyncio
from typing import Any

import pytest

from engine.files.records import encode_record, read_ids
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.view.details import read_details
from jobs.view.lists import RunLists
from schemas.dataset import Provenance, Rejection
from schemas.documents import Chunk
from tests.unit.jobs.dataset.pairs.paired_run import (
    GLAZE,
    KILN,
    QUESTION,
    Teacher,
    make_paired_run,
    make_pieces,
    run_to_rows,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run with its rows; what was dropped is written by the tests."""
    path = tmp_path_factory.mktemp("paired") / "run"
    folder = make_paired_run(path, make_pieces(KILN, GLAZE))
    asyncio.run(run_to_rows(folder, Teacher()))
    return folder


def sources(folder: RunFolder, name: str, number: int) -> list[tuple[str, list[str]]]:
    """Each source that is shown, with the texts that are marked in it."""
    details = read_details(RunLists(folder), name, number)
    assert details is not None
    texts: list[dict[str, Any]] = details["texts"]
    return [
        (each["text"], [each["text"][start:end] for start, end in each["marks"]])
        for each in texts
        if each["label"].startswith("Source")
    ]


BOTH = {
    (KILN, KILN.partition(" Its")[0]),
    (GLAZE, GLAZE.partition(" A potter")[0]),
}


def test_row_that_needs_two_chunks_is_shown_with_both(folder: RunFolder) -> None:
    path = folder.dataset_dir / "provenance.jsonl"
    rows = [Provenance.model_validate_json(line) for line in path.read_bytes().splitlines()]
    number = next(n for n, row in enumerate(rows) if row.second_chunk_id)

    shown = sources(folder, "rows", number)

    assert {(text, marked) for text, (marked,) in shown} == BOTH


def test_drop_is_shown_with_the_chunks_that_it_names(folder: RunFolder) -> None:
    ids = sorted(read_ids(folder.results_path("chunks"), Chunk))
    rejection = Rejection.of("an answer", stage="verdicts", reason="judged_useless", text=QUESTION)
    where = {"chunk_id": ids[0], "second_chunk_id": ids[1]}
    replace_file(folder.rejected_path, [encode_record(rejection.model_copy(update=where))])

    assert {text for text, _ in sources(folder, "rejected", 0)} == {KILN, GLAZE}


def test_drop_of_an_earlier_version_is_looked_up_by_its_item(folder: RunFolder) -> None:
    ids = sorted(read_ids(folder.results_path("chunks"), Chunk))
    rejection = Rejection.of(ids[0], stage="questions", reason="no_questions")
    replace_file(folder.rejected_path, [encode_record(rejection)])

    assert len(sources(folder, "rejected", 0)) == 1
