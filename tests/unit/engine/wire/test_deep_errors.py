"""An error that is nested to any depth is one of ours like any other."""

import pytest

from engine.errors import EngineError
from engine.testing.clocks import ManualClock
from engine.wire.endpoints import Endpoint
from engine.wire.lenient_json import parse_json
from engine.wire.replies.responses import HttpResponse, check_reply, read_error
from schemas.requests import CHAT_COMPLETIONS
from tests.rows import each_row

ENDPOINT = Endpoint("https://one.example/v1", "sk-a-secret-of-ours")
DEPTH = 1_100  # more than any parser goes down by calling itself
LIST = b"[" * DEPTH + b"]" * DEPTH
OBJECT = b'{"error":' * DEPTH + b"1" + b"}" * DEPTH
BODIES = [
    LIST,
    OBJECT,
    b'{"error":%b}' % LIST,
    b'{"error":{"message":%b}}' % LIST,
    b'{"error":{"message":[%b]}}' % LIST,
    b'{"detail":[{"loc":[%b],"msg":%b}]}' % (LIST, OBJECT),
    b'{"errors":[%b]}' % OBJECT,
]


@each_row("body", BODIES)
def test_error_of_any_depth_is_one_of_ours(body: bytes) -> None:
    error = read_error(HttpResponse(400, {}, body), ENDPOINT, ManualClock())

    assert len(str(error)) < 1_000
    with pytest.raises(EngineError):
        check_reply(parse_json(body), CHAT_COMPLETIONS, ENDPOINT)
