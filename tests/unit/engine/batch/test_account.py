"""What runs on one account know of each other: folders, locks, and what they survive."""

import fcntl
import os
from datetime import timedelta
from pathlib import Path

import pytest

from engine.batch.account import Account, Enqueued, account_dir
from engine.errors import InterruptedRunError, StorageError
from engine.stopping import Admission
from engine.testing.calls import chat_request
from engine.testing.clocks import EPOCH, ManualClock
from tests.rows import told_with
from tests.unit.engine.batch.desks import ENDPOINT, make_place, submit
from tests.unit.engine.batch.test_limits import IDS, STATED


def make_account(
    folder: Path, owner_id: str = "other", clock: ManualClock | None = None
) -> Account:
    clock = clock or ManualClock()
    where = account_dir(folder / "state", ENDPOINT)
    return Account(where, owner_id=owner_id, clock=clock, admission=Admission(clock))


async def test_other_runs_on_the_account_take_room_until_their_batches_must_be_over(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    account = make_account(tmp_path)
    account.write_own([Enqueued("m", 60, EPOCH), Enqueued("other", 900, EPOCH)])

    async with place.open(max_enqueued_tokens=100) as bench:
        waiting = await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end("000001")
        await bench.desk.collect()
        place.clock.go(hours=26)
        later = await submit(bench.desk)

    assert waiting == 1
    assert later == 0


async def test_run_whose_batches_are_over_leaves_nothing_at_the_account(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    folder = account_dir(tmp_path / "state", ENDPOINT)

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        while_out = (folder / "run-id.json").exists()
        place.provider.end("000001")
        await bench.desk.collect()

    assert while_out
    assert not (folder / "run-id.json").exists()


async def test_damaged_account_files_are_passed_by(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place = make_place(tmp_path)
    folder = account_dir(tmp_path / "state", ENDPOINT)
    folder.mkdir(parents=True)
    damages = [b"", b"{", b"[[1]]", b'{"m":[1,"x"]}', b'[["m","x","y"]]']

    async with place.open(max_enqueued_tokens=100) as bench:
        for number, damage in enumerate(damages):
            for name in ("other.json", "limits.json"):
                (folder / name).write_bytes(damage)
            caplog.clear()
            with told_with(number, damage):
                assert await submit(bench.desk, chat_request(f"r{number}")) == 0
                assert "other.json: is damaged and ignored" in caplog.text
                assert "limits.json: is damaged and ignored" in caplog.text


async def test_account_folder_that_vanished_is_made_again(tmp_path: Path) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
    (tmp_path / "state").rename(tmp_path / "elsewhere")
    place.provider.fail("000001", "token_limit_exceeded", STATED.format("50"))
    async with place.open() as bench:
        await bench.desk.collect()
        waiting = await submit(bench.desk, *map(chat_request, IDS))

    assert waiting == 1


async def test_account_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    (tmp_path / "state").write_text("a file")

    async with place.open() as bench:
        with pytest.raises(StorageError, match=r"accounts/.*cannot be written.*XDG_STATE_HOME"):
            await submit(bench.desk, *map(chat_request, IDS))

    assert not place.provider.calls


async def test_another_run_that_is_packing_is_waited_for_and_a_stop_is_heard(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ManualClock()
    admission = Admission(clock)
    folder = account_dir(tmp_path / "state", ENDPOINT)
    account = Account(folder, owner_id="run", clock=clock, admission=admission)
    folder.mkdir(parents=True)
    other = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(other, fcntl.LOCK_EX)

    def stop_soon() -> None:
        if clock.now > EPOCH + timedelta(minutes=1):
            admission.close(InterruptedRunError(2))

    clock.on_sleep = stop_soon
    with pytest.raises(InterruptedRunError):
        async with account.locked():
            raise AssertionError("two at once")
    os.close(other)

    assert "another run is packing" in caplog.text
