import orjson
import pytest

from jobs.send.batch_lines import (
    BadLineError,
    id_key_at_sight,
    make_batch_request,
    read_batch_line,
)
from schemas.requests import CHAT_COMPLETIONS
from tests.rows import each_row
from tests.unit.jobs.send.batch_file_texts import line

GOOD_BODY = {"model": "m", "messages": []}


@each_row(
    "data, said",
    [
        (b"{", "found {, expected a JSON object on one line"),
        (b"[1]", "found [1], expected a JSON object"),
        (line(custom_id=...), "custom_id: found nothing, expected a string"),
        (line(custom_id=5), "custom_id: found 5, expected a string"),
        (line(custom_id=""), 'custom_id: found "", expected a string'),
        (line(method="GET"), 'method: found "GET", expected "POST"'),
        (line(url="/v1/files"), 'url: found "/v1/files", expected /v1/chat/completions or'),
        (line(url=["/v1/embeddings"]), 'url: found ["/v1/embeddings"], expected'),
        (line(body="x"), 'body: found "x", expected an object'),
        (line(body={"messages": []}), "body.model: found nothing, expected a model"),
        (line(body=GOOD_BODY | {"stream": True}), "body.stream: found true, expected no streaming"),
    ],
)
def test_bad_line_says_what_was_found_and_expected(data: bytes, said: str) -> None:
    with pytest.raises(BadLineError) as error:
        read_batch_line(data)

    assert str(error.value).startswith(said)


def test_message_about_a_hostile_line_moves_no_cursor_and_is_short() -> None:
    with pytest.raises(BadLineError) as error:
        read_batch_line(b"\x1b[2J\r\x00" + b"x" * 10_000)

    assert str(error.value).isprintable()
    assert len(str(error.value)) < 200


def test_request_is_the_body_with_the_custom_id() -> None:
    body = {"model": "m", "messages": [], "n": 3, "max_tokens": 7, "unknown": {"kept": None}}

    request = make_batch_request(read_batch_line(line("ü", body=body)))

    assert request.request_id == "ü"
    assert request.url == CHAT_COMPLETIONS
    assert request.model == "m"
    assert orjson.loads(request.payload) == body
    assert request.max_output_tokens == 21


@each_row("limit", ["many", -1, None, 1.5, [], {}])
def test_limit_that_is_no_number_is_left_to_the_provider(limit: object) -> None:
    body = GOOD_BODY | {"max_completion_tokens": limit, "n": limit}

    request = make_batch_request(read_batch_line(line(body=body)))

    assert request.max_output_tokens == 0
    assert orjson.loads(request.payload) == body


@each_row(
    "data, key",
    [
        (b'{"custom_id":"a","method":"POST"}', b'"a"'),
        (b'{"custom_id": "a b", "method": "POST"}\r', b'"a b"'),
        ('{"custom_id": "ü"}'.encode(), '"ü"'.encode()),
        (rb'{"custom_id": "a\"b"}', b""),
        (b'{"method":"POST","custom_id":"a"}', b""),
        (b'{"custom_id":"a","method":"PO', b""),
        (b"", b""),
    ],
)
def test_id_is_seen_only_where_it_can_be_nothing_else(data: bytes, key: bytes) -> None:
    assert id_key_at_sight(data) == key
