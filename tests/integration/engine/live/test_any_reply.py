"""Whatever bytes a reply has, its request is settled or failed, by two sends at most."""

import asyncio
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.files.journal import decode_outcome, encode_outcome
from engine.testing.calls import chat_request
from engine.testing.clocks import VirtualTimeLoop
from engine.testing.transport import FakeTransport, good_answer
from engine.wire.replies.responses import HttpResponse
from schemas.outcomes import Completed, Failed, Outcome
from tests.unit.engine.live.lanes import make_lane

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
NAMES = st.sampled_from(
    [
        "choices",
        "message",
        "content",
        "usage",
        "prompt_tokens",
        "finish_reason",
        "refusal",
        "object",
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
CHOICES = st.fixed_dictionaries({"message": st.dictionaries(NAMES, VALUES, max_size=3)})
REPLIES = st.fixed_dictionaries(
    {"choices": st.lists(CHOICES, max_size=2)},
    optional={"usage": VALUES, "id": VALUES},
)


def as_bytes(value: object) -> bytes:
    """JSON as a careless server writes it: NaN, lone surrogates, integers of any length."""
    return json.dumps(value).encode()


def damaged(body: bytes, at: int, byte: int) -> bytes:
    """The same with one other byte."""
    place = at % max(1, len(body))
    return body[:place] + bytes([byte]) + body[place + 1 :]


BODIES = (
    st.binary(max_size=64)
    | VALUES.map(as_bytes)
    | REPLIES.map(as_bytes)
    | st.builds(damaged, st.just(good_answer().body), st.integers(0, 10_000), st.integers(0, 255))
    | st.integers(1, 3_000).map(lambda depth: b"[" * depth + b"]" * depth)
)


def settle(body: bytes) -> tuple[Outcome, int]:
    """The outcome of a request that is always answered with `body`, and how often it was sent."""
    transport = FakeTransport(responder=lambda *_: HttpResponse(200, {}, body))

    async def send() -> Outcome:
        return await make_lane(transport).send(chat_request(output_tokens=0))

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(send()), len(transport.sent)


@settings(max_examples=300, deadline=None)
@given(BODIES)
def test_any_bytes_as_a_reply_are_settled_or_failed_by_two_sends_at_most(body: bytes) -> None:
    outcome, sent_count = settle(body)

    kept = decode_outcome(encode_outcome(outcome))
    assert isinstance(outcome, Completed | Failed)
    assert sent_count <= 2
    assert kept.request_id == outcome.request_id
    assert isinstance(outcome, Completed) or outcome.raw in (b"", body)
