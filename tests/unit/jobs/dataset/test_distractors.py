from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stopping import Stopping
from jobs.dataset.rows.export_dataset import export_dataset
from schemas.dataset import Provenance, Question
from schemas.documents import Chunk
from tests.unit.jobs.dataset.rows.test_unanswerable import ANSWER, ASKED, FAR, NEAR, make_kiln_run
from tests.unit.jobs.evaluation.made_run import make_settings

ALSO_NEAR = "A potter sold porcelain and a kiln of bricks. Nobody bought it, for far too long."
EVERY = "dataset.distractor_fraction=1"


async def export(folder: RunFolder, *assignments: str) -> tuple[str, Provenance]:
    """What the only row shows, and where it comes from."""
    async with Journal(folder.journal_path) as journal:
        await export_dataset(folder, make_settings(*assignments), journal, Stopping())
    (row,) = (folder.dataset_dir / "train.jsonl").read_bytes().splitlines()
    messages: list[dict[str, Any]] = orjson.loads(row)["messages"]
    assert messages[2]["content"] == ANSWER
    (provenance,) = read_records(folder.dataset_dir / "provenance.jsonl", Provenance)
    return messages[1]["content"], provenance


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_kiln_run(tmp_path / "run", ASKED, FAR, NEAR, ALSO_NEAR)


async def test_row_shows_near_texts_without_the_answer_beside_its_own(folder: RunFolder) -> None:
    user, provenance = await export(folder, EVERY)

    assert ASKED in user
    assert NEAR in user
    assert ALSO_NEAR in user
    assert FAR not in user
    assert user.startswith("Excerpt from Kilns > Firing:\n\n")
    chunks = {c.text: c.chunk_id for c in read_records(folder.results_path("chunks"), Chunk)}
    assert set(provenance.distractor_chunk_ids) == {chunks[NEAR], chunks[ALSO_NEAR]}
    assert provenance.chunk_id == chunks[ASKED]


async def test_number_of_distractors_and_length_of_excerpts_are_settings(
    folder: RunFolder,
) -> None:
    user, provenance = await export(
        folder, EVERY, "dataset.distractors=1", "dataset.excerpt_tokens=12"
    )

    assert len(provenance.distractor_chunk_ids) == 1
    assert len(user) < len(ASKED) + len(NEAR)


async def test_right_excerpt_stands_at_any_place_and_always_at_the_same(folder: RunFolder) -> None:
    path = folder.results_path("answers")
    line = orjson.loads(path.read_bytes())
    places = []
    for number in range(5):
        replace_file(path, [orjson.dumps({**line, "answer_id": f"{number:064x}"})])
        user, _ = await export(folder, EVERY)
        assert (user, _) == await export(folder, EVERY)
        others = (user.index(each) < user.index(ASKED) for each in (NEAR, ALSO_NEAR))
        places.append(sum(others))

    assert set(places) == {0, 1, 2}


@pytest.mark.parametrize("setting", ["dataset.closed_book=true", "dataset.distractor_fraction=0"])
async def test_without_excerpts_or_a_share_there_are_none(folder: RunFolder, setting: str) -> None:
    user, provenance = await export(folder, EVERY, setting)

    assert NEAR not in user
    assert provenance.distractor_chunk_ids == ()
    assert b"distractor" not in encode_record(provenance)


async def test_text_that_holds_the_answer_is_no_distractor(tmp_path: Path) -> None:
    folder = make_kiln_run(tmp_path / "run", ASKED, f"{ANSWER} {NEAR}")

    user, provenance = await export(folder, EVERY)

    assert NEAR not in user
    assert provenance.distractor_chunk_ids == ()
    assert len(list(read_records(folder.results_path("kept_questions"), Question))) == 1
