"""Whatever stands in a line of results: it costs that line at most, and its request two tries."""

from itertools import chain
from pathlib import Path

import orjson
import pytest

from engine.batch.collecting.asked import Asked
from engine.batch.collecting.result_files import SHOWN_BYTES, read_groups, read_result_line
from engine.errors import EngineError
from engine.files.journal import decode_outcome, encode_outcome
from engine.testing.batch_provider import Line, answered_line, refused_line
from engine.testing.calls import chat_request
from schemas.outcomes import Completed, Failed, Outcome
from tests.rows import each_row, told_with
from tests.unit.engine.batch.desks import make_place, submit
from tests.unit.engine.batch.result_readers import BATCH, at_most, make_reader

ODD = "odd-one"  # the id in a line that is named later


def line_of(custom_id: str, **changes: object) -> Line:
    line = answered_line(custom_id)
    line["response"] |= changes
    return line


def text_of(line: Line, old: bytes = b"", new: bytes = b"") -> bytes:
    text = orjson.dumps(line)
    assert old in text
    return text.replace(old, new)


DEEP = b"[" * 1_100 + b"]" * 1_100  # the fast parser takes 1,024


ANSWERS = [  # to the request ODD
    text_of(answered_line(ODD), b"Yes.", rb"party \ud83d"),
    text_of(answered_line(ODD), b"Yes.", b"\xff\xfe"),
    text_of(answered_line(ODD), b"Yes.", b"one\ttwo"),
    text_of(answered_line(ODD), b'"id":"x"', b'"id":NaN'),
    text_of(answered_line(ODD), b'"prompt_tokens":20', b'"prompt_tokens":' + b"1" * 400),
    text_of(
        answered_line(ODD),
        b'"refusal":null',
        b'"refusal":null,"more":' + b"[" * 300 + b"]" * 300,
    ),
    text_of(answered_line(ODD), b'"refusal":null', b'"refusal":null,"more":' + DEEP),
    b"\xef\xbb\xbf" + text_of(answered_line(ODD)),
    text_of(line_of(ODD, body=orjson.dumps(answered_line(ODD)["response"]["body"]).decode())),
    text_of(
        {
            **answered_line(ODD),
            "response": orjson.dumps(answered_line(ODD)["response"]).decode(),
        }
    ),
    text_of(line_of(ODD, status_code="200")),
    text_of(line_of(ODD, status_code=200.0)),
    text_of(line_of(ODD, request_id=None)),
    text_of(line_of(ODD, request_id={"a": [1]})),
    text_of({"custom_id": ODD, "response": answered_line(ODD)["response"]["body"]}),
    text_of({"custom_id": ODD, "body": answered_line(ODD)["response"]["body"], "error": None}),
    text_of({"custom_id": ODD, "response": {"body": answered_line(ODD)["response"]["body"]}}),
    orjson.dumps(text_of(answered_line(ODD)).decode()),
]


async def test_odd_line_is_an_answer_and_does_not_touch_the_others(tmp_path: Path) -> None:
    """Each of them is once the first line of a file, once the third of five, and once the last."""
    place = make_place(tmp_path)
    files = [[f"{number}-{at}" for at in range(5)] for number in range(len(ANSWERS))]

    async with place.open(max_requests=5) as bench:
        await submit(bench.desk, *map(chat_request, chain.from_iterable(files)))
        for number, ids in enumerate(files):
            odd = [ANSWERS[(number + turn) % len(ANSWERS)] for turn in (0, 1, 2)]
            lines = [text_of(answered_line(custom_id)) for custom_id in ids]
            lines[::2] = map(named, odd, ids[::2])
            with told_with(number, odd):
                place.provider.end_with(f"{number + 1:06}", b"\n".join(lines) + b"\n")
                await bench.desk.collect()
                assert place.settled.keys() >= set(ids)
                assert all(is_kept_answer(place.settled[custom_id]) for custom_id in ids)


def named(line: bytes, custom_id: str) -> bytes:
    return line.replace(ODD.encode(), custom_id.encode())


def is_kept_answer(outcome: Outcome) -> bool:
    """Whether it is an answer with all that is kept of one, and still is when it is read again."""
    both = (outcome, decode_outcome(encode_outcome(outcome)))
    return all(
        isinstance(each, Completed) and each.reply.keys() == {"choices", "usage"} for each in both
    )


UNREADABLE = [  # about the request ODD
    b'{"custom_id": "odd-one", "response": {"status_code": 200, "body": {"choices": [{"mess',
    b'{"id": "x", "custom_id":"odd-one", eh?}',
    text_of(line_of(ODD, body="<html>")),
    text_of(line_of(ODD, body=None)),
    text_of(line_of(ODD, body={"choices": []})),
    text_of(line_of(ODD, status_code=None)),
    text_of(line_of(ODD, status_code="fine")),
    text_of({"custom_id": ODD, "response": None, "error": None}),
    text_of({"custom_id": ODD, "error": "no"}),
    text_of(answered_line(ODD), b'"refusal":null', b'"refusal":' + b"[" * 20_000),
]


async def test_line_that_nobody_can_read_is_asked_once_more_and_then_failed_with_its_bytes(
    tmp_path: Path,
) -> None:
    place = make_place(tmp_path)
    files = [[f"{number}-{at}" for at in range(3)] for number in range(len(UNREADABLE))]
    lines = [named(line, ids[0]) for line, ids in zip(UNREADABLE, files, strict=True)]
    worst_usd, paid_usd = 0.0605, 0.035  # of a request: at most, and of a sound answer

    async with place.open(cap_usd=10.0, max_requests=3) as bench:
        await submit(bench.desk, *map(chat_request, chain.from_iterable(files)))
        for number, (line, ids) in enumerate(zip(lines, files, strict=True), 1):
            others = [text_of(answered_line(custom_id)) for custom_id in (ids[2], ids[1])]
            before_usd = bench.budget.spent_usd
            with told_with(number, line):
                place.provider.end_with(f"{number:06}", b"\n".join([line, *others]) + b"\n")
                await bench.desk.collect()
                assert place.settled.keys() & ids == {ids[1], ids[2]}
                spent_usd = bench.budget.spent_usd - before_usd
                assert spent_usd == pytest.approx(2 * paid_usd + worst_usd)
    async with place.open(cap_usd=10.0, max_requests=1) as bench:
        await submit(bench.desk, *(chat_request(ids[0]) for ids in files))
        for number, (line, ids) in enumerate(zip(lines, files, strict=True), 1):
            before_usd = bench.budget.spent_usd
            with told_with(number, line):
                place.provider.end_with(f"{len(files) + number:06}", line + b"\n")
                await bench.desk.collect()
                failed = place.settled[ids[0]]
                assert isinstance(failed, Failed)
                assert (failed.code, failed.attempts, failed.raw) == ("malformed_reply", 2, line)
                assert decode_outcome(encode_outcome(failed)) == failed
                assert bench.budget.spent_usd - before_usd == pytest.approx(worst_usd)


async def test_refusal_of_one_request_is_final_also_without_a_response(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    lines = [
        {"custom_id": "a", "response": None, "error": {"code": "content_filter", "message": "no"}},
        {"custom_id": "b", "response": None, "error": {"code": "invalid_prompt", "message": "no"}},
        refused_line("c", 400, "content_filter"),
        refused_line("d", 403, "forbidden"),
        refused_line("e", 404, "unknown"),
    ]

    async with place.open() as bench:
        await submit(bench.desk, *(chat_request(line["custom_id"]) for line in lines))
        place.provider.end("000001", errors=lines, output=[])
        await bench.desk.collect()

    for line in lines:
        outcome = place.settled[line["custom_id"]]
        assert isinstance(outcome, Failed), line
        assert (outcome.attempts, outcome.cost_usd) == (1, 0.0), line


async def test_an_answer_counts_wherever_else_its_request_has_failed(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    answers = {custom_id: answered_line(custom_id) for custom_id in "abcd"}
    faults = {custom_id: refused_line(custom_id, 500, "server_error") for custom_id in "abcd"}

    async with place.open(max_requests=3) as bench:
        await submit(bench.desk, *map(chat_request, "abcd"))
        output = [faults["a"], answers["a"], faults["b"], answers["c"], faults["c"]]
        place.provider.end("000001", output=output, errors=[answers["b"], faults["c"]])
        place.provider.end("000002", output=[], errors=[faults["d"], answers["d"]])
        await bench.desk.collect()

    ends = {custom_id: type(outcome) for custom_id, outcome in place.settled.items()}
    assert ends == dict.fromkeys("abcd", Completed)
    tallies = [bench.desk.ledger.get(name).tally for name in ("000001", "000002")]
    assert [(t.answered, t.failed, t.returned) for t in tallies] == [(3, 0, 0), (1, 0, 0)]


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
