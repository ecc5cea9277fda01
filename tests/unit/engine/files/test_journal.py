import tracemalloc
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from engine.errors import DamagedLogError
from engine.files.journal import Journal, decode_outcome, encode_outcome, read_settled
from engine.testing.calls import chat_request, completed, failed
from engine.wire.lenient_json import dump_json, parse_json
from schemas.outcomes import Completed, Failed, Outcome, Usage
from tests.rows import each_row
from tests.unit.engine.files.open_files import open_files

PRETTY_REPLY = b'{\n  "id": "chatcmpl-1",\n  "choices": [{"message": {"content": "a\\nb"}}]\n}\n'


def make_completed(request_id: str = "r1") -> Completed:
    outcome = completed(
        chat_request(request_id, purpose="questions"),
        orjson.loads(PRETTY_REPLY),
        raw=PRETTY_REPLY.replace(b"\n", b" "),
        usage=Usage(prompt_tokens=10, completion_tokens=5, cached_tokens=4),
        cost_usd=0.25,
    )
    return replace(outcome, attempts=2, latency_s=1.5, server_request_id="req_7")


def make_failed(request_id: str = "r2") -> Failed:
    request = chat_request(request_id)
    outcome = failed(request, "context_length_exceeded", message="too long", cost_usd=None)
    return replace(outcome, usage=Usage(prompt_tokens=7))


async def test_outcomes_come_back_as_they_went_in(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"

    async with Journal(path) as journal:
        await journal.append(make_completed())
        await journal.append(make_failed())

    async with Journal(path) as journal:
        completed, failed = journal.get("r1"), journal.get("r2")
        assert isinstance(completed, Completed)
        assert completed.reply == orjson.loads(PRETTY_REPLY)
        assert completed.usage == make_completed().usage
        assert completed.server_request_id == "req_7"
        assert failed == make_failed()
        assert journal.get("r3") is None


async def test_every_line_is_one_json_object_that_begins_with_its_id(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"

    async with Journal(path) as journal:
        await journal.append(make_completed())
        await journal.append(make_failed())

    lines = path.read_bytes().splitlines()
    assert [next(iter(orjson.loads(line))) for line in lines] == ["request_id"] * 2
    assert orjson.loads(lines[0])["reply"] == orjson.loads(PRETTY_REPLY)


async def test_totals_are_read_without_the_replies(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    async with Journal(path) as journal:
        await journal.append(make_completed())
        await journal.append(make_failed())

    settled = list(read_settled(path))

    assert [s.purpose for s in settled] == ["questions", "answers"]
    assert [s.is_completed for s in settled] == [True, False]
    assert settled[0].usage == Usage(10, 5, 4)
    assert settled[1].cost_usd is None


async def test_damage_inside_a_line_is_named_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    async with Journal(path) as journal:
        await journal.append(make_failed("r0"))
        await journal.append(make_completed())
    path.write_bytes(path.read_bytes().replace(b'"attempts":2', b'"attempts"!2'))

    async with Journal(path) as journal:
        with pytest.raises(DamagedLogError, match=r"journal\.jsonl:2: .*not an outcome"):
            journal.get("r1")
    with pytest.raises(DamagedLogError, match=r"journal\.jsonl:2: .*not an outcome"):
        list(read_settled(path))


async def test_reply_nested_too_deeply_for_the_fast_parser_comes_back(tmp_path: Path) -> None:
    raw = b'{"a":' * 1_100 + b"[]" + b"}" * 1_100
    deep = replace(make_completed("deep"), reply={}, raw=raw)
    reply = parse_json(raw)
    assert isinstance(reply, dict)
    refused = replace(make_failed("refused"), reply=reply)

    async with Journal(tmp_path / "journal.jsonl") as journal:
        await journal.append(deep)
        await journal.append(refused)
        outcomes = [journal.get("deep"), journal.get("refused")]

    assert [dump_json(outcome.reply) for outcome in outcomes if outcome] == [raw, raw]
    assert [line.request_id for line in read_settled(tmp_path / "journal.jsonl")] == [
        "deep",
        "refused",
    ]


@each_row("raw", [b"<html>\n</html>", b"\xff\0}\r\n{", bytes(range(256))])
async def test_bytes_that_nobody_can_read_are_kept_as_they_came(raw: bytes, tmp_path: Path) -> None:
    failed = replace(make_failed(), code="malformed_reply", raw=raw)

    async with Journal(tmp_path / "journal.jsonl") as journal:
        await journal.append(failed)

    async with Journal(tmp_path / "journal.jsonl") as journal:
        assert journal.get("r2") == failed


async def test_cost_that_was_estimated_is_marked_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    outcomes: list[Outcome] = [make_completed("a"), replace(make_failed("b"), is_estimated=True)]
    async with Journal(path) as journal:
        for outcome in outcomes:
            await journal.append(outcome)
        kept = [journal.get("a"), journal.get("b")]

    assert [outcome and outcome.is_estimated for outcome in kept] == [False, True]
    assert [settled.is_estimated for settled in read_settled(path)] == [False, True]
    assert [b'"estimated"' in line for line in path.read_bytes().splitlines()] == [False, True]


def test_cache_writes_and_tier_stand_in_a_line_only_where_there_are_any() -> None:
    plain = completed(chat_request("a"))
    usage = Usage(prompt_tokens=10, cache_write_tokens=4)
    written = replace(completed(chat_request("b"), usage=usage), service_tier="flex")

    lines = [encode_outcome(plain), encode_outcome(written)]

    assert b"cache_write" not in lines[0]
    assert b"service_tier" not in lines[0]
    assert [decode_outcome(line) for line in lines] == [
        replace(plain, raw=b""),
        replace(written, raw=b""),
    ]


async def test_a_line_that_was_copied_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    async with Journal(path) as journal:
        await journal.append(make_completed("r1"))
        await journal.append(make_failed("r2"))
    first = path.read_bytes().splitlines(keepends=True)[0]
    path.write_bytes(path.read_bytes() + first * 2)

    settled = list(read_settled(path))

    assert [each.request_id for each in settled] == ["r1", "r2"]
    assert sum(each.cost_usd or 0.0 for each in settled) == 0.25


async def test_settled_among_many_requests_are_found_in_little_memory(tmp_path: Path) -> None:
    async with Journal(tmp_path / "journal.jsonl") as journal:
        await journal.append_each([make_completed("r0"), make_completed("r4999")])
        wanted = [f"r{number}" for number in range(5_000)]
        tracemalloc.start()
        try:
            found = journal.settled_among(wanted)
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert found == {"r0", "r4999"}
    assert peak_bytes < 5_000 * 1_000  # a key alone may hold 4 KB


async def test_what_journals_before_hold_is_settled_and_stays_theirs(tmp_path: Path) -> None:
    before = tmp_path / "before.jsonl"
    async with Journal(before) as journal:
        await journal.append(make_completed())
    with before.open("ab") as file:
        file.write(b'{"request_id":"torn')
    held = before.read_bytes()

    async with Journal(tmp_path / "journal.jsonl", [before]) as journal:
        await journal.append(make_failed())
        found, own = journal.get("r1"), journal.get("r2")

        assert found is not None
        assert found.request_id == "r1"
        assert own == make_failed()
        assert "r1" not in journal
    assert before.read_bytes() == held


async def test_damaged_line_of_a_journal_before_is_named_by_its_file(tmp_path: Path) -> None:
    before = tmp_path / "before.jsonl"
    before.write_bytes(b'{"request_id":"r0"}\n{"request_id":"r1"}\n')

    async with Journal(tmp_path / "journal.jsonl", [before]) as journal:
        with pytest.raises(DamagedLogError, match=r"before\.jsonl:2: .* not an outcome"):
            journal.get("r1")


@each_row("damaged", ["second.jsonl", "journal.jsonl"])
async def test_journal_that_does_not_open_leaves_no_file_open(tmp_path: Path, damaged: str) -> None:
    names = ["first.jsonl", "second.jsonl", "journal.jsonl"]
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.write_bytes(encode_outcome(make_completed()) + b"\n")
    (tmp_path / damaged).write_bytes(b"\0\0\n" + encode_outcome(make_completed()) + b"\n")

    with pytest.raises(DamagedLogError, match=damaged):
        Journal(paths[2], paths[:2])

    assert not [path for path in open_files() if path.parent == tmp_path]


async def test_closed_journal_leaves_no_file_open(tmp_path: Path) -> None:
    before, own = tmp_path / "before.jsonl", tmp_path / "journal.jsonl"
    before.write_bytes(encode_outcome(make_completed()) + b"\n")

    async with Journal(own, [before]) as journal:
        assert journal.get("r1") is not None
        open_meanwhile = {path.name for path in open_files() if path.parent == tmp_path}

    assert open_meanwhile == {"before.jsonl", "journal.jsonl"}
    assert not [path for path in open_files() if path.parent == tmp_path]
