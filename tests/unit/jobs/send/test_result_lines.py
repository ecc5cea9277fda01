import base64
from dataclasses import replace

import orjson

from engine.testing.calls import chat_request, completed, failed
from jobs.send.result_lines import encode_answer, encode_failure
from tests.rows import each_row


def test_answer_keeps_the_body_as_it_was_received_and_begins_with_its_id() -> None:
    raw = b'{"b" :  [1.0, 1e3],  "a":"\\u00fc"}'

    encoded = encode_answer(completed(chat_request('say "hi"'), raw=raw), "req_1")

    assert encoded.startswith(rb'{"custom_id":"say \"hi\"",')
    assert b'"body":' + raw in encoded
    fields = orjson.loads(encoded)
    assert fields["response"]["status_code"] == 200
    assert fields["error"] is None
    assert list(fields) == ["custom_id", "id", "response", "error"]


def test_http_failure_stands_in_the_response_as_in_the_batch_api() -> None:
    outcome = failed(
        chat_request("a"), code="invalid_value", status=400, message="400 invalid_value: no such"
    )

    fields = orjson.loads(encode_failure(outcome, "req_1"))

    assert fields["response"]["status_code"] == 400
    assert fields["response"]["body"]["error"]["code"] == "invalid_value"
    assert fields["response"]["body"]["error"]["message"] == "no such"
    assert fields["error"] is None


def test_failure_without_a_reply_stands_in_error() -> None:
    fields = orjson.loads(
        encode_failure(failed(chat_request("a"), code="request_too_large", status=None), "req_1")
    )

    assert fields["response"] is None
    assert fields["error"]["code"] == "request_too_large"


def test_reply_that_is_of_no_use_is_kept_because_it_was_paid_for() -> None:
    outcome = failed(chat_request("a"), code="truncated", status=200, reply={"choices": ["cut"]})

    fields = orjson.loads(encode_failure(outcome, "req_1"))

    assert fields["response"] == {
        "status_code": 200,
        "request_id": "",
        "body": {"choices": ["cut"]},
    }
    assert fields["error"]["code"] == "truncated"


@each_row("status", [200, None])
def test_the_bytes_of_a_reply_that_nobody_can_read_are_kept(status: int | None) -> None:
    outcome = failed(chat_request("a"), code="malformed_reply", status=status)
    text, noise = (replace(outcome, raw=raw) for raw in (b'{"choices"', b"\x9c{"))

    of_text, of_noise = (orjson.loads(encode_failure(each, "req_1")) for each in (text, noise))

    assert of_text["response"] == {"status_code": 200, "request_id": "", "body": '{"choices"'}
    assert base64.b64decode(of_noise["response"]["body_base64"]) == b"\x9c{"
    assert of_noise["error"]["code"] == "malformed_reply"
