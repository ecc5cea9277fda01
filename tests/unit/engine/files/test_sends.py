import asyncio
import errno
import os
from pathlib import Path

import pytest

from engine.errors import DamagedLogError, StorageError
from engine.files import sends
from engine.files.sends import SendLog, fold_sends
from engine.files.sent_sums import read_sends
from engine.spending.budget import Budget
from engine.testing.calls import chat_request


async def test_a_send_that_its_process_did_not_outlive_counts_as_lost(tmp_path: Path) -> None:
    path = tmp_path / "sends.jsonl"
    killed = SendLog(path, is_synced=True)
    await killed.sent("settled", 1.0)
    await killed.sent("open", 0.25)

    resumed = SendLog(path, is_synced=True, is_settled=lambda request_id: request_id == "settled")

    assert resumed.lost_usd == pytest.approx(0.25)
    assert read_sends(path).lost_usd == {"open": 0.25}


async def test_a_lost_reply_counts_for_ever_also_if_the_request_is_settled_later(
    tmp_path: Path,
) -> None:
    path = tmp_path / "sends.jsonl"
    log = SendLog(path, is_synced=False)
    await log.sent("a", 0.5)
    await log.lost("a", 0.5)
    await log.sent("a", 0.5)

    SendLog(path, is_synced=False, is_settled=lambda _: True)
    reopened = SendLog(path, is_synced=False, is_settled=lambda _: True)

    assert reopened.lost_usd == pytest.approx(0.5)


async def test_a_refused_send_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sends.jsonl"
    log = SendLog(path, is_synced=False)
    await log.sent("a", 0.1)
    await log.sent("a", 0.2)  # the first was answered, and cut off
    log.unbilled("a", 0.2)
    log.close()

    assert SendLog(path, is_synced=False).lost_usd == pytest.approx(0.1)


async def test_a_large_log_is_folded_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "sends.jsonl"
    log = SendLog(path, is_synced=False)
    await log.lost("lost", 1.0)
    for number in range(512):
        await log.sent(f"{number:01024}", 1.0)
        log.paid(f"{number:01024}", 0.25)
    await log.sent("open", 0.5)

    reopened = SendLog(path, is_synced=False)

    assert reopened.paid_usd == pytest.approx(128.0)
    assert reopened.lost_usd == pytest.approx(1.5)
    assert len(path.read_bytes().splitlines()) == 3


async def test_large_log_that_nobody_writes_adds_itself_up_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sends, "FOLD_ABOVE_BYTES", 1_000)
    path = tmp_path / "sends.jsonl"
    log = SendLog(path, is_synced=False)
    for number in range(50):
        await log.sent(f"r{number}", 1.0)
        log.paid(f"r{number}", 0.25)
    await log.lost("gone", 2.0)
    await log.sent("open", 0.5)
    log.close()
    before = read_sends(path)

    fold_sends(path)

    after = read_sends(path)
    assert len(path.read_bytes().splitlines()) == 3
    assert after.paid_usd == before.paid_usd == 12.5
    assert after.lost_usd == {"gone": 2.0, "open": 0.5}


async def test_a_torn_last_line_is_passed_by_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "sends.jsonl"
    log = SendLog(path, is_synced=False)
    await log.sent("a", 1.0)
    path.write_bytes(path.read_bytes() + b'{"event_id":"0')

    assert read_sends(path).out_usd == {"a": 1.0}

    path.write_bytes(b"\0\0\0\n" + path.read_bytes())
    with pytest.raises(DamagedLogError, match=r"sends\.jsonl:1: this line is damaged"):
        read_sends(path)


async def test_disk_that_does_not_make_a_send_durable_keeps_it_from_going_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    log = SendLog(tmp_path / "sends.jsonl", is_synced=True)
    monkeypatch.setattr(os, "fsync", refuse)

    going_out = log.sent("r1", 0.1)
    with pytest.raises(StorageError, match=r"sends\.jsonl: cannot be written .*Input/output error"):
        await going_out
    log.close()


async def test_sends_of_one_turn_of_the_loop_are_written_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sends.jsonl"
    log = SendLog(path, is_synced=False)

    going_out = [log.sent(f"r{number}", 0.5) for number in range(3)]
    before = path.read_bytes()
    await asyncio.gather(*going_out)

    assert before == b""
    assert read_sends(path).out_usd == {"r0": 0.5, "r1": 0.5, "r2": 0.5}


async def test_full_disk_keeps_all_sends_of_a_turn_from_going_out_and_tears_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write = tmp_path / "sends.jsonl", os.write
    log = SendLog(path, is_synced=False)
    await log.sent("before", 0.25)

    def take_some(descriptor: int, data: bytes) -> int:
        if len(data) < 40:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[: len(data) - 30])

    monkeypatch.setattr(os, "write", take_some)

    ends = await asyncio.gather(log.sent("a", 0.5), log.sent("b", 0.5), return_exceptions=True)
    monkeypatch.undo()
    log.paid("before", 0.125)
    log.close()

    assert [type(end) for end in ends] == [StorageError, StorageError]
    noted = read_sends(path)
    assert (noted.out_usd, noted.paid_usd) == ({}, 0.125)
    assert noted.missing_count == 0  # or a budget could not be kept from now on


async def test_send_that_is_cancelled_while_it_is_noted_was_not_billed(tmp_path: Path) -> None:
    path = tmp_path / "sends.jsonl"
    log = SendLog(path, is_synced=False)
    budget = Budget(cap_usd=None, spent_usd=0.0, price=lambda _, __: 0.5, record=log)

    async def send(request_id: str) -> None:
        async with budget.send(chat_request(request_id)) as sent:
            await sent.begin()
            sent.pay(0.25)

    sending = [asyncio.create_task(send(name)) for name in ("stopped", "answered")]
    await asyncio.sleep(0)
    sending[0].cancel()
    ends = await asyncio.gather(*sending, return_exceptions=True)
    log.close()

    assert [type(end) for end in ends] == [asyncio.CancelledError, type(None)]
    assert read_sends(path).out_usd == {"answered": 0.5}


async def test_send_of_a_request_that_was_lost_before_counts_also_in_a_folded_log(
    tmp_path: Path,
) -> None:
    path = tmp_path / "sends.jsonl"
    log = SendLog(path, is_synced=False)
    await log.lost("a", 1.0)
    log.unbilled("b", 1.0)  # of a line that was refused
    for name in ("a", "b"):
        await log.sent(name, 0.5)

    assert read_sends(path).out_usd == {"a": 0.5, "b": 0.5}


async def test_kill_after_a_large_log_was_folded_hides_no_send(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sends.jsonl"
    log = SendLog(path, is_synced=False)
    await log.sent("open", 0.5)
    for number in range(512):
        await log.sent(f"{number:01024}", 1.0)
        log.paid(f"{number:01024}", 0.25)
    log.close()

    def kill(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as killing:
        killing.setattr(os, "open", kill)  # what comes next once the folded log is in its place
        with pytest.raises(KeyboardInterrupt):
            SendLog(path, is_synced=False)

    assert SendLog(path, is_synced=False).lost_usd == pytest.approx(0.5)


async def test_send_is_told_of_a_disk_that_refuses_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    log = SendLog(tmp_path / "sends.jsonl", is_synced=False)
    monkeypatch.setattr(os, "write", refuse)
    monkeypatch.setattr(os, "ftruncate", refuse)

    with pytest.raises(StorageError, match=r"sends\.jsonl: cannot be written"):
        await asyncio.wait_for(log.sent("a", 0.5), 5.0)


async def test_line_that_is_torn_by_a_disk_is_cut_off_before_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write = tmp_path / "sends.jsonl", os.write

    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    log = SendLog(path, is_synced=False)
    with monkeypatch.context() as patched:

        def tear(descriptor: int, data: bytes) -> int:
            patched.setattr(os, "write", refuse)
            return write(descriptor, data[:20])

        patched.setattr(os, "write", tear)
        patched.setattr(os, "ftruncate", refuse)
        with pytest.raises(StorageError):
            await log.sent("a", 0.5)
        patched.setattr(os, "write", write)
        with pytest.raises(StorageError):
            await log.sent("b", 0.5)
    await log.lost("c", 0.25)
    log.close()

    assert SendLog(path, is_synced=True).lost_usd == pytest.approx(0.25)
