"""Whatever a provider sends as JSON is read, or refused with one error of ours."""

from collections.abc import Iterator

import orjson
import pytest

from engine.wire.lenient_json import NotJsonError, dump_json, parse_json
from schemas.requests import Json
from tests.rows import each_row

MAX_DEPTH = 3_000  # here: more than anything goes down that calls itself


@pytest.fixture(autouse=True, scope="module")
def _max_depth() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.wire.lenient_json.MAX_DEPTH", MAX_DEPTH)
        yield


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"[]" + b"}" * depth


@each_row(
    "data, value",
    [
        (rb'{"text":"party \ud83d"}', {"text": "party \ufffd"}),
        (
            rb'["\ude00 \ud83d\ude00 \\ud83d", "\ud83d\ud83d"]',
            ["\ufffd 😀 \\ud83d", "\ufffd\ufffd"],
        ),
        (b"[NaN, -Infinity, Infinity, 1e999]", [None] * 4),
        (b'{"prompt_tokens":' + b"1" * 400 + b"}", {"prompt_tokens": None}),
        (b"[" + b"9" * 5_000 + b", NaN]", [None, None]),
        (b'["\xff\xfe", "ok"]', ["\ufffd\ufffd", "ok"]),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": {}, "b": [], "c": [{}, -1.5e3, true, false, null]}\r\n', None),
        (b'{"body":\xef\xbb\xbf{"a":1}}', {"body": {"a": 1}}),
        (b'{"a":1}\0\0', {"a": 1}),
        (b'"a\tb\nc"', "a\tb\nc"),
        (b'{"a":01}', {"a": 1}),
        (b'{"a":1,"a":NaN}', {"a": None}),
        (b'[NaN,"' + rb"\u0041\n" + b'"]', [None, "A\n"]),
    ],
)
def test_what_the_fast_parser_refuses_is_read_all_the_same(data: bytes, value: Json) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(data)

    found = parse_json(data)

    assert found == (value or {"a": {}, "b": [], "c": [{}, -1500.0, True, False, None]})


@each_row("depth", [300, MAX_DEPTH])
def test_depth_takes_no_recursion_in_either_direction(depth: int) -> None:
    data = nested(depth)

    assert dump_json(parse_json(data)) == data


@each_row(
    "data",
    [
        b"",
        b" ",
        b"<html>",
        b"{",
        b'{"a"',
        b'{"a":',
        b'{"a":1',
        b'{"a":1,}',
        b"[1 2]",
        b"[,]",
        b"{1:2}",
        b'{"a" 1}',
        b'"abc',
        b'"\\x"',
        b"[NaN]]",
        b"{} {}",
        b"--1",
        b"nul",
        b"}",
        b"\xff",
        nested(MAX_DEPTH + 1),
        b"[" * 1_000_000,
    ],
)
def test_what_is_no_json_raises_one_error_of_ours(data: bytes) -> None:
    with pytest.raises(NotJsonError, match="no JSON"):
        parse_json(data)


def test_a_text_of_very_many_values_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.wire.lenient_json.MAX_VALUES", 5)

    assert parse_json(b"[NaN, 1, 2, 3]") == [None, 1, 2, 3]
    with pytest.raises(NotJsonError, match="more than 5 values"):
        parse_json(b"[NaN, 1, 2, 3, 4]")
