"""How many of many chunks are asked about in pairs."""

from pathlib import Path

from jobs.dataset.pairs.pair_ids import is_paired
from tests.unit.jobs.dataset.pairs.paired_run import (
    GLAZE,
    KILN,
    Teacher,
    is_of_pair,
    make_paired_run,
    make_piece,
    make_pieces,
)
from tests.unit.jobs.dataset.pairs.test_ask_about_pairs import ask_only
from tests.unit.jobs.evaluation.made_run import make_settings


async def test_share_of_chunks_is_that_of_the_setting_and_none_by_default(tmp_path: Path) -> None:
    ids = [make_piece(number, KILN).chunk_id for number in range(400)]
    drawn = [is_paired(each, make_settings("questions.pair_fraction=0.2")) for each in ids]

    assert 50 < sum(drawn) < 110
    assert not any(is_paired(each, make_settings()) for each in ids)
    folder, teacher = make_paired_run(tmp_path / "run", make_pieces(KILN, GLAZE)), Teacher()
    await ask_only(folder, teacher, make_settings("questions.top_up_below=0"))
    assert [is_of_pair(each) for each in teacher.requests] == [False, False]
