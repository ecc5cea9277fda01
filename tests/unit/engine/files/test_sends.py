import errno
import os
from pathlib import Path

import pytest

from engine.errors import DamagedLogError, StorageError
from engine.files.sends import SendLog, read_sends
from tests.unit.engine.noting import noted


async def test_a_send_that_its_process_did_not_outlive_counts_as_lost(tmp_path: Path) -> None:
    path = tmp_path / "sends.jsonl"
    killed = SendLog(path, is_synced=True)
    await noted(killed.sent("settled", 1.0))
    await noted(killed.sent("open", 0.25))

    resumed = SendLog(path, is_synced=True, is_settled=lambda request_id: request_id == "settled")

    assert resumed.lost_usd == pytest.approx(0.25)
    assert read_sends(path).lost_usd == {"open": 0.25}


async def test_a_lost_reply_counts_for_ever_also_if_the_request_is_settled_later(
    tmp_path: Path,
) -> None:
    path = tmp_path / "sends.jsonl"
    log = SendLog(path, is_synced=False)
    await noted(log.sent("a", 0.5))
    await log.lost("a", 0.5)
    await noted(log.sent("a", 0.5))

    SendLog(path, is_synced=False, is_settled=lambda _: True)
    reopened = SendLog(path, is_synced=False, is_settled=lambda _: True)

    assert reopened.lost_usd == pytest.approx(0.5)


async def test_a_refused_send_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sends.jsonl"
    log = SendLog(path, is_synced=False)
    await noted(log.sent("a", 0.1))
    await noted(log.sent("a", 0.2))  # the first was answered, and cut off
    log.unbilled("a", 0.2)
    log.close()

    assert SendLog(path, is_synced=False).lost_usd == pytest.approx(0.1)


async def test_a_large_log_is_folded_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "sends.jsonl"
    log = SendLog(path, is_synced=False)
    await log.lost("lost", 1.0)
    for number in range(4_096):
        await noted(log.sent(f"{number:0128}", 1.0))
        log.paid(f"{number:0128}", 0.25)
    await noted(log.sent("open", 0.5))

    reopened = SendLog(path, is_synced=False)

    assert reopened.paid_usd == pytest.approx(1_024.0)
    assert reopened.lost_usd == pytest.approx(1.5)
    assert len(path.read_bytes().splitlines()) == 3


async def test_a_torn_last_line_is_passed_by_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "sends.jsonl"
    log = SendLog(path, is_synced=False)
    await noted(log.sent("a", 1.0))
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
    assert going_out is not None
    with pytest.raises(StorageError, match=r"sends\.jsonl: cannot be written .*Input/output error"):
        await going_out
    log.close()
