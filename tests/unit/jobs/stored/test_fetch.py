"""A folder that is put together from the store is the one that was stored."""

import errno
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ConfigError, DamagedLogError, RunInUseError, StorageError
from engine.run_folder import RunFolder
from engine.testing.clocks import ManualClock
from jobs.send.sharded.outside.stores import StoreOrder
from jobs.stored import part_log
from jobs.stored.fetch import OUTLASTING_S, Fetched, fetch_run
from jobs.stored.part_log import PartLog
from jobs.stored.session import Session
from tests.unit.jobs.send.sharded.outside.test_sealer import RefusingStore
from tests.unit.jobs.stored.stored_folder import (
    FEW_TOGETHER,
    append,
    begin,
    contents,
    make_folder,
)


class Stored:
    """A run with its store."""

    def __init__(self, tmp_path: Path) -> None:
        (tmp_path / "store").mkdir()
        self.tmp_path = tmp_path
        self.store = RefusingStore(tmp_path / "store")
        self.folder = make_folder(tmp_path / "run")
        self.folder.journal_path.unlink()
        self.path = self.folder.results_path("questions")
        self.clock = ManualClock()

    def work(self, session: Session, count: int) -> None:
        for number in range(count):
            append(self.path, b'{"question_id":"%d"}\n' % number)
            self.folder.config_path.write_bytes(b"[run]\nnumber = %d\n" % number)
            session.seal(0.5)

    async def fetch(self, name: str, *, takes_over: bool) -> Fetched:
        order = StoreOrder(url=(self.tmp_path / "store").as_uri())
        folder = RunFolder(self.tmp_path / name)
        return await fetch_run(order, folder, takes_over=takes_over, clock=self.clock)


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return Stored(tmp_path)


@pytest.mark.parametrize("takes_over", [False, True])
async def test_fetched_folder_is_that_which_was_stored(
    takes_over: bool, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_log, "FAN_IN", FEW_TOGETHER)
    session = begin(stored.folder, stored.store)
    stored.work(session, 2 * FEW_TOGETHER + 3)
    stored.path.unlink()
    session.close()

    fetched = await stored.fetch("other", takes_over=takes_over)

    other = RunFolder(stored.tmp_path / "other")
    assert contents(other) == contents(stored.folder)
    assert (
        other.evaluation_dir.is_dir()
    )  # folders of a run are there before there is a file in them
    assert fetched.file_count == len(contents(stored.folder))
    assert fetched.unsealed_usd == 0.0
    assert stored.clock.slept_s == []
    assert {p.name for p in stored.tmp_path.iterdir()} == {"store", "run", "other"}


async def test_who_takes_over_waits_for_the_other_and_counts_what_it_was_lent(
    stored: Stored,
) -> None:
    session = begin(stored.folder, stored.store)
    stored.work(session, 3)

    fetched = await stored.fetch("other", takes_over=True)
    again = await stored.fetch("third", takes_over=True)

    assert fetched.unsealed_usd == pytest.approx(0.5)
    assert stored.clock.slept_s == [pytest.approx(OUTLASTING_S)]
    assert again.unsealed_usd == 0.0
    assert b'"lost"' in (stored.tmp_path / "third" / "sends.jsonl").read_bytes()
    append(stored.path, b'{"question_id":"late"}\n')
    with pytest.raises(RunInUseError):
        session.seal(0.5)


async def test_what_is_known_to_be_spent_is_not_counted_again(stored: Stored) -> None:
    session = begin(stored.folder, stored.store)
    append(
        stored.folder.sends_path,
        b'{"event_id":"00000001","step":"sent","request_id":"b","usd":0.2}\n'
        b'{"event_id":"00000002","step":"sent","request_id":"c","usd":0.1}\n'
        b'{"event_id":"00000003","step":"unbilled","request_id":"c","usd":0.1}\n',
    )
    stored.work(session, 1)

    fetched = await stored.fetch("other", takes_over=True)

    assert fetched.unsealed_usd == pytest.approx(0.3)


async def test_copy_does_not_disturb_the_run_and_cannot_go_on(stored: Stored) -> None:
    session = begin(stored.folder, stored.store)
    stored.work(session, 2)

    await stored.fetch("copy", takes_over=False)
    stored.work(session, 1)

    with pytest.raises(RunInUseError):
        begin(RunFolder(stored.tmp_path / "copy"), stored.store)
    session.close()


async def test_folder_that_is_there_and_store_without_a_run_are_told(stored: Stored) -> None:
    with pytest.raises(ConfigError, match="holds no run"):
        await stored.fetch("other", takes_over=True)
    with pytest.raises(ConfigError, match="run: is there already"):
        await stored.fetch("run", takes_over=False)

    assert {p.name for p in stored.tmp_path.iterdir()} == {"store", "run"}


async def test_disk_that_refuses_a_file_is_told_and_the_run_can_be_taken_over_again(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = begin(stored.folder, stored.store)
    stored.work(session, 2)
    opened = Path.open

    def refuse(path: Path, mode: str = "r", *given: Any, **named: Any) -> Any:
        if path.name == "questions.jsonl" and ".other." in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(path, mode, *given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(StorageError, match="No space left"):
            await stored.fetch("other", takes_over=True)
    fetched = await stored.fetch("other", takes_over=True)

    assert fetched.unsealed_usd == pytest.approx(0.5)
    with pytest.raises(RunInUseError):
        session.seal(0.5)


async def test_damage_is_told_and_no_folder_is_made(stored: Stored) -> None:
    session = begin(stored.folder, stored.store)
    stored.work(session, 2)
    path = stored.tmp_path / "store" / "parts" / "00000002-0"
    data = path.read_bytes()
    path.write_bytes(data.replace(b'{"question_id":"0"}', b'{"question_id":"9"}'))

    with pytest.raises(DamagedLogError, match=r"questions\.jsonl: its parts do not make the file"):
        await stored.fetch("other", takes_over=False)

    assert not (stored.tmp_path / "other").exists()
    assert len(PartLog(stored.store).names()) == 3
