"""Which files of a file of replies are stored, and what a lost machine may have spent on it."""

from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.files.sends import SendLog
from engine.files.sent_sums import read_sends
from engine.run_folder import RunFolder
from jobs.stored.places import OutPlace, RunPlace, place_in
from tests.unit.jobs.stored.stored_folder import append


@pytest.fixture
def place(tmp_path: Path) -> OutPlace:
    for name in (
        *("out.jsonl", "out.jsonl.errors", "out.jsonl.sends", "out.jsonl.stats", "out.jsonl.lock"),
        *("out.jsonl.store", "out.jsonl.store.lock", "out.jsonl.reserve", "out.jsonl.requests"),
        *("out.jsonl.batches/owner", "out.jsonl.batches/ledger.jsonl", "other.jsonl"),
        *("out.jsonl.batches/outbox.jsonl", "out.jsonl.batches/b1.output.jsonl"),
    ):
        append(tmp_path / name, b"{}\n")
    return OutPlace(tmp_path / "out.jsonl")


def test_what_goes_with_replies_is_stored_and_what_lines_refer_to_comes_after_them(
    place: OutPlace,
) -> None:
    names = [str(path.relative_to(place.root)) for path in place.paths() if path.exists()]

    assert names == [
        "out.jsonl.batches/ledger.jsonl",
        "out.jsonl",
        "out.jsonl.errors",
        "out.jsonl.batches/outbox.jsonl",
        "out.jsonl.batches/owner",
        "out.jsonl.stats",
        "out.jsonl.sends",
    ]


def test_all_but_the_id_of_an_owner_are_lines_and_counters_are_no_news(place: OutPlace) -> None:
    paths = [path for path in place.paths() if path.exists()]

    assert [path.name for path in paths if not place.has_lines(path)] == ["owner"]
    assert [path.name for path in paths if place.is_counter(path)] == ["out.jsonl.stats"]


def test_what_workers_have_left_is_noticed(place: OutPlace) -> None:
    before = place.is_left()
    append(place.root / "out.jsonl.shards" / "call" / "leases.jsonl", b"{}\n")

    assert (before, place.is_left()) == (False, True)


def test_replies_lie_in_a_folder_that_there_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="its folder does not exist"):
        OutPlace(tmp_path / "none" / "out.jsonl").make()


async def test_what_was_lent_and_is_not_known_to_be_spent_counts_once(tmp_path: Path) -> None:
    out_path = tmp_path / "out.jsonl"
    place, sends_path = OutPlace(out_path), tmp_path / "out.jsonl.sends"
    log = SendLog(sends_path, is_synced=True)
    await log.lost("a", 0.5)
    log.close()

    without_budget = await place.count_unsealed(None)
    known = await place.count_unsealed(0.5)
    unsealed = await place.count_unsealed(2.0)
    again = await place.count_unsealed(2.0)

    assert (without_budget, known, unsealed, again) == (0.0, 0.0, 1.5, 0.0)
    assert read_sends(sends_path).lost_usd == {"a": 0.5, "not-stored": 1.5}


def test_what_is_put_together_is_known_by_its_name(tmp_path: Path) -> None:
    run, replies = place_in(tmp_path, ""), place_in(tmp_path, "out.jsonl")

    assert run.note_path == RunPlace(RunFolder(tmp_path)).note_path == tmp_path / "store.json"
    assert (replies.target, replies.note_path) == (
        tmp_path / "out.jsonl",
        tmp_path / "out.jsonl.store",
    )
