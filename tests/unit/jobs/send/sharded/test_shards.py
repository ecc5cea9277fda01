import os
from pathlib import Path

import orjson

from engine.files.lock import WriterLock
from engine.lease.claims import Claim
from engine.lease.lease_log import TOUCH_EVERY_S
from engine.lease.leases import TTL_S
from engine.lease.lending import Lending
from engine.stopping import Stopping
from engine.testing.clocks import ManualClock
from jobs.send.check_batch_file import check_batch_file
from jobs.send.result_files import ResultFiles, result_paths, shards_root
from jobs.send.sharded.gather import gather_calls, spent_usd
from jobs.send.sharded.shards import ShardedCall, calls_in
from jobs.send.sharded.write_shards import write_shards
from schemas.settings import RunSettings
from tests.integration.jobs.send.sending import read_lines, write_requests


async def write_call(folder: Path, ids: list[str], count: int) -> ShardedCall:
    in_path, out_path = write_requests(folder / "in.jsonl", ids), folder / "out.jsonl"
    async with ResultFiles(result_paths(out_path)) as results:
        checked = check_batch_file(in_path, results, Stopping(), skips_bad_lines=False)
        return write_shards(checked, out_path, count)


def answer(custom_id: str, text: str = "yes") -> bytes:
    body = orjson.dumps({"text": text})
    return (
        b'{"custom_id":%b,"id":"req_ab_1_0","response":{"status_code":200,"request_id":"",'
        b'"body":%b},"error":null}\n' % (orjson.dumps(custom_id), body)
    )


def failure(custom_id: str) -> bytes:
    return (
        b'{"custom_id":%b,"id":"req_ab_1_0","response":null,'
        b'"error":{"code":"refused","message":""}}\n' % orjson.dumps(custom_id)
    )


async def test_who_takes_a_shard_over_supersedes_all_before(tmp_path: Path) -> None:
    call = await write_call(tmp_path, ["a"], 1)
    shard = call.shards()[0]

    first = shard.take_over()
    was_superseded = first.is_superseded()
    second = shard.take_over()

    assert (first.epoch, second.epoch) == (1, 2)
    assert (was_superseded, first.is_superseded(), second.is_superseded()) == (False, True, False)
    shard.remove()
    assert second.is_superseded()


async def test_what_workers_have_left_is_taken_in_once_and_counted(tmp_path: Path) -> None:
    call = await write_call(tmp_path, ["a", "b", "c", "d"], 1)
    shard, out_path = call.shards()[0], tmp_path / "out.jsonl"
    first, second = shard.take_over(), shard.take_over()
    first.paths.answers.write_bytes(answer("a") + answer("b", "first") + b'{"custom_id":"torn')
    first.paths.sends.write_bytes(
        b'{"event_id":"00000001","step":"sent","request_id":"a","usd":0.5}\n'
        b'{"event_id":"00000002","step":"paid","request_id":"a","usd":0.25}\n'
        b'{"event_id":"00000003","step":"sent","request_id":"x","usd":2.0}\n'
    )
    second.paths.answers.write_bytes(answer("b", "again") + answer("c"))
    second.paths.errors.write_bytes(failure("d"))
    in_first_usd = spent_usd(first)

    await gather_calls(out_path, RunSettings(), {})

    rows = read_lines(out_path)
    assert list(rows) == ["a", "b", "c"]
    assert rows["b"]["response"]["body"] == {"text": "first"}
    assert list(read_lines(tmp_path / "out.jsonl.errors")) == ["d"]
    assert in_first_usd == 2.25
    lines = (tmp_path / "out.jsonl.sends").read_bytes().splitlines()
    sends = [orjson.loads(line) for line in lines]
    assert [(line["step"], line["usd"]) for line in sends] == [("lost", 2.25)]
    assert not shards_root(out_path).exists()


async def test_taking_in_that_was_cut_off_goes_on_and_counts_nothing_twice(tmp_path: Path) -> None:
    call = await write_call(tmp_path, ["a", "b"], 1)
    segment = call.shards()[0].take_over()
    segment.paths.answers.write_bytes(answer("a") + answer("b"))
    segment.paths.sends.write_bytes(
        b'{"event_id":"00000001","step":"paid","request_id":"a","usd":0.25}\n'
    )
    (tmp_path / "out.jsonl").write_bytes(answer("a"))
    sends_path = tmp_path / "out.jsonl.sends"
    counted = {"event_id": "00000001", "step": "lost", "request_id": segment.name, "usd": 0.25}
    sends_path.write_bytes(orjson.dumps(counted) + b"\n")

    await gather_calls(tmp_path / "out.jsonl", RunSettings(), {})

    assert list(read_lines(tmp_path / "out.jsonl")) == ["a", "b"]
    assert len(sends_path.read_bytes().splitlines()) == 1


async def test_what_workers_have_in_flight_is_waited_for(tmp_path: Path) -> None:
    call = await write_call(tmp_path, ["a"], 1)
    segment = call.shards()[0].take_over()
    landing, clock = WriterLock(segment.paths.lock), ManualClock()

    def land() -> None:
        if len(clock.slept_s) == 3:
            segment.paths.answers.write_bytes(answer("a"))
            landing.__exit__(None, None, None)

    clock.on_sleep = land
    landing.__enter__()
    await gather_calls(tmp_path / "out.jsonl", RunSettings(), {}, clock)

    assert list(read_lines(tmp_path / "out.jsonl")) == ["a"]


async def test_workers_that_may_still_send_are_waited_for_until_their_leases_have_ended(
    tmp_path: Path,
) -> None:
    call = await write_call(tmp_path, ["a"], 1)
    segment = call.shards()[0].take_over()
    lender = Lending(call.leases_path, cap_usd=None, spent_usd=0.0, holder_count=1)
    await lender.renew(Claim(segment.name, 1, {"m": 1.0}))
    lender.end()
    clock = ManualClock()
    claimed_s = clock.utc_now().timestamp() - 30.0
    os.utime(call.leases_path, (claimed_s, claimed_s))

    await gather_calls(tmp_path / "out.jsonl", RunSettings(), {}, clock)

    assert clock.slept_s == [TTL_S + TOUCH_EVERY_S]
    assert calls_in(shards_root(tmp_path / "out.jsonl")) == []
