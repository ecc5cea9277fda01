from pathlib import Path

import pytest

from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from jobs.dataset.ask_teacher import QUESTIONS
from jobs.dataset.questions.choose_chunks import count_usable_chunks
from schemas.documents import Chunk
from schemas.record import content_id
from tests.unit.jobs.evaluation.made_run import make_run, make_settings


def asked_count(folder: RunFolder, *assignments: str) -> int | None:
    return QUESTIONS.count_items(folder, make_settings("questions.per_chunk=3", *assignments))


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """Twelve chunks: nine of one document, and one each of three."""
    folder = make_run(tmp_path / "run", make_settings())
    path = folder.results_path("chunks")
    chunks = list(read_records(path, Chunk))
    one = {"document_id": content_id("large")}
    large = [each.model_copy(update=one) for each in chunks[:9]]
    replace_file(path, map(encode_record, [*large, *chunks[9:]]))
    return folder


def test_of_a_large_document_no_more_chunks_are_asked_than_its_cap_lets(folder: RunFolder) -> None:
    asked_by_cap = {0: 12, 100: 12, 12: 7, 11: 6, 3: 4, 1: 4}

    asked, usable = dict[int, int | None](), dict[int, int | None]()
    for cap in asked_by_cap:
        capped = f"questions.max_per_document={cap}"
        asked[cap] = asked_count(folder, capped)
        usable[cap] = count_usable_chunks(folder, make_settings("questions.per_chunk=3", capped))

    assert asked == asked_by_cap
    assert usable == asked_by_cap


def test_sample_of_a_capped_corpus_takes_as_many_chunks_as_it_says(folder: RunFolder) -> None:
    assert asked_count(folder, "questions.max_per_document=6", "limit_chunks=4") == 4
    assert asked_count(folder, "questions.max_per_document=6", "limit_chunks=40") == 5
