"""Whatever stands in a line of results: it costs that line at most, and its request two tries."""

from pathlib import Path

import orjson
import pytest

from engine.batch.collecting.asked import Asked
from engine.batch.collecting.result_files import SHOWN_BYTES, read_groups, read_result_line
from engine.errors import EngineError
from engine.files.journal import decode_outcome, encode_outcome
from engine.testing.batch_provider import Line, answered_line, refused_line
from engine.testing.calls import chat_request
from schemas.outcomes import Completed, Failed
from tests.rows import each_row
from tests.unit.engine.batch.desks import make_place, submit
from tests.unit.engine.batch.result_readers import BATCH, at_most, make_reader

IDS = ["a", "b", "c"]


def line_of(custom_id: str, **changes: object) -> Line:
    line = answered_line(custom_id)
    line["response"] |= changes
    return line


def text_of(line: Line, old: bytes = b"", new: bytes = b"") -> bytes:
    text = orjson.dumps(line)
    assert old in text
    return text.replace(old, new)


DEEP = b"[" * 2_000 + b"]" * 2_000


@each_row(
    "line",
    [
        text_of(answered_line("b"), b"Yes.", rb"party \ud83d"),
        text_of(answered_line("b"), b"Yes.", b"\xff\xfe"),
        text_of(answered_line("b"), b"Yes.", b"one\ttwo"),
        text_of(answered_line("b"), b'"id":"x"', b'"id":NaN'),
        text_of(answered_line("b"), b'"prompt_tokens":20', b'"prompt_tokens":' + b"1" * 400),
        text_of(
            answered_line("b"),
            b'"refusal":null',
            b'"refusal":null,"more":' + b"[" * 300 + b"]" * 300,
        ),
        text_of(answered_line("b"), b'"refusal":null', b'"refusal":null,"more":' + DEEP),
        b"\xef\xbb\xbf" + text_of(answered_line("b")),
        text_of(line_of("b", body=orjson.dumps(answered_line("b")["response"]["body"]).decode())),
        text_of(
            {
                **answered_line("b"),
                "response": orjson.dumps(answered_line("b")["response"]).decode(),
            }
        ),
        text_of(line_of("b", status_code="200")),
        text_of(line_of("b", status_code=200.0)),
        text_of(line_of("b", request_id=None)),
        text_of(line_of("b", request_id={"a": [1]})),
        text_of({"custom_id": "b", "response": answered_line("b")["response"]["body"]}),
        text_of({"custom_id": "b", "body": answered_line("b")["response"]["body"], "error": None}),
        text_of({"custom_id": "b", "response": {"body": answered_line("b")["response"]["body"]}}),
        orjson.dumps(text_of(answered_line("b")).decode()),
    ],
)
@each_row("number", [0, 1, 2])
async def test_odd_line_is_an_answer_and_does_not_touch_the_others(
    line: bytes, number: int, tmp_path: Path
) -> None:
    place = make_place(tmp_path)
    lines = [text_of(answered_line("a")), text_of(answered_line("c"))]
    lines.insert(number, line)

    async with place.open() as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end_with("000001", b"\n".join(lines) + b"\n")
        await bench.desk.collect()

    assert place.settled.keys() == set(IDS)
    for outcome in place.settled.values():
        assert isinstance(outcome, Completed)
        kept = decode_outcome(encode_outcome(outcome))
        assert isinstance(kept, Completed)
        assert kept.reply.keys() == outcome.reply.keys() == {"choices", "usage"}


@each_row(
    "line",
    [
        b'{"custom_id": "b", "response": {"status_code": 200, "body": {"choices": [{"mess',
        b'{"id": "x", "custom_id":"b", eh?}',
        text_of(line_of("b", body="<html>")),
        text_of(line_of("b", body=None)),
        text_of(line_of("b", body={"choices": []})),
        text_of(line_of("b", status_code=None)),
        text_of(line_of("b", status_code="fine")),
        text_of({"custom_id": "b", "response": None, "error": None}),
        text_of({"custom_id": "b", "error": "no"}),
        text_of(answered_line("b"), b'"refusal":null', b'"refusal":' + b"[" * 20_000),
    ],
)
async def test_line_that_nobody_can_read_is_asked_once_more_and_then_failed_with_its_bytes(
    line: bytes, tmp_path: Path
) -> None:
    place = make_place(tmp_path)
    others = text_of(answered_line("c")) + b"\n" + text_of(answered_line("a")) + b"\n"

    async with place.open(cap_usd=10.0) as bench:
        await submit(bench.desk, *map(chat_request, IDS))
        place.provider.end_with("000001", line + b"\n" + others)
        await bench.desk.collect()
        settled_first = set(place.settled)
        await submit(bench.desk, chat_request("b"))
        place.provider.end_with("000002", line + b"\n")
        await bench.desk.collect()

    failed = place.settled["b"]
    assert settled_first == {"a", "c"}
    assert isinstance(failed, Failed)
    assert (failed.code, failed.attempts, failed.raw) == ("malformed_reply", 2, line)
    assert decode_outcome(encode_outcome(failed)) == failed
    worst_usd, paid_usd = 0.0605, 0.035  # of a request: at most, and of a sound answer
    assert bench.budget.spent_usd == pytest.approx(2 * paid_usd + 2 * worst_usd)


@each_row(
    "line",
    [
        {"custom_id": "a", "response": None, "error": {"code": "content_filter", "message": "no"}},
        {"custom_id": "a", "response": None, "error": {"code": "invalid_prompt", "message": "no"}},
        refused_line("a", 400, "content_filter"),
        refused_line("a", 403, "forbidden"),
        refused_line("a", 404, "unknown"),
    ],
)
async def test_refusal_of_one_request_is_final_also_without_a_response(
    line: Line, tmp_path: Path
) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))
        place.provider.end("000001", errors=[line], output=[])
        await bench.desk.collect()

    outcome = place.settled["a"]
    assert isinstance(outcome, Failed)
    assert (outcome.attempts, outcome.cost_usd) == (1, 0.0)


ANSWER, FAULT = answered_line("a"), refused_line("a", 500, "server_error")


@each_row(
    "output, errors",
    [([FAULT, ANSWER], []), ([FAULT], [ANSWER]), ([ANSWER, FAULT], [FAULT]), ([], [FAULT, ANSWER])],
)
async def test_an_answer_counts_wherever_else_its_request_has_failed(
    output: list[Line], errors: list[Line], tmp_path: Path
) -> None:
    place = make_place(tmp_path)

    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"))
        place.provider.end("000001", errors=errors, output=output)
        await bench.desk.collect()

    assert isinstance(place.settled["a"], Completed)
    tally = bench.desk.ledger.get("000001").tally
    assert (tally.answered, tally.failed, tally.returned) == (1, 0, 0)


async def test_file_that_ends_within_a_line_each_time_is_as_whole_as_it_gets(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    torn = text_of(answered_line("a")) + b"\n" + text_of(answered_line("b"))[:-9]

    async with place.open() as bench:
        await submit(bench.desk, chat_request("a"), chat_request("b"))
        place.provider.end_with("000001", torn)
        with pytest.raises(EngineError, match="did not come whole"):
            await bench.desk.collect()
    async with place.open() as bench:
        await bench.desk.collect()
        left_here = {path.name for path in (tmp_path / "batches").iterdir()}

    assert place.settled.keys() == {"a"}
    assert left_here == {"outbox.jsonl", "attempts.jsonl"}


@each_row(
    "usage",
    [None, {}, {"prompt_tokens": -1, "completion_tokens": -1}, {"prompt_tokens": 1.5}],
)
def test_a_result_without_sound_usage_counts_at_the_most_and_is_marked(usage: object) -> None:
    reply = {"choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}]}
    body = {**reply, "usage": usage}
    fields = {"custom_id": "a", "response": {"status_code": 200, "body": body}, "error": None}
    line = read_result_line(orjson.dumps(fields))
    assert line is not None

    end = make_reader().read(line, Asked("a", BATCH, [], False, at_most))

    assert isinstance(end, Completed)
    assert end.usage == at_most("a")
    assert end.is_estimated


def test_of_a_line_that_is_too_long_only_its_beginning_is_read(tmp_path: Path) -> None:
    line = orjson.dumps(answered_line("b")).ljust(9_000)
    path = tmp_path / "output.jsonl"
    path.write_bytes(b"\n".join([line, orjson.dumps(answered_line("c")), line * 3]) + b"\n")

    (lines,) = read_groups(path, 9_000)
    (limited,) = read_groups(path, 8_999)

    assert [len(each) for each in lines] == [9_001, len(lines[1]), SHOWN_BYTES]
    assert [len(each) for each in limited] == [SHOWN_BYTES, len(lines[1]), SHOWN_BYTES]
    assert limited[1] == lines[1]
    assert [read_result_line(each).custom_id for each in limited] == ["b", "c", "b"]  # type: ignore[union-attr]
