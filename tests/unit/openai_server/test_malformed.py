"""The malformed forms that the stand-in can give a reply: what a client can make of each."""

import orjson
import pytest

from engine.wire.lenient_json import NotJsonError, parse_json
from tests.openai_server.malformed import (
    MALFORMED_FAULTS,
    UNREADABLE,
    malformed,
    malformed_line,
)
from tests.rows import each_row

PAYLOAD = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "A pump."}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2},
}
BODY = orjson.dumps(PAYLOAD, option=orjson.OPT_INDENT_2)
LINE = orjson.dumps({"custom_id": "a", "response": {"status_code": 200, "body": PAYLOAD}}) + b"\n"


@each_row("fault", MALFORMED_FAULTS)
def test_every_form_differs_from_the_body_that_it_is_made_of(fault: str) -> None:
    assert malformed(fault, BODY) != BODY
    assert malformed_line(fault, LINE) != LINE
    assert malformed_line(fault, LINE).count(b"\n") == 1


@each_row("fault", sorted(set(MALFORMED_FAULTS) - UNREADABLE))
def test_a_form_that_can_be_read_still_holds_the_answer(fault: str) -> None:
    assert b"A pump." in malformed(fault, BODY)
    assert isinstance(parse_json(malformed_line(fault, LINE)), dict)


@each_row("fault", ["half_json", "noise"])
def test_a_form_that_cannot_be_read_is_no_json(fault: str) -> None:
    with pytest.raises(NotJsonError):
        parse_json(malformed(fault, BODY))


def test_a_reply_of_another_fault_or_none_is_left_alone() -> None:
    assert malformed(None, BODY) == malformed("hang", BODY) == BODY
    assert malformed_line("missing", LINE) == LINE
