"""What goes on the wire and what it counts as."""

from dataclasses import replace

import orjson

from engine.testing.calls import chat_request
from engine.wire.payloads import REPLIES_TO_LEARN, TokenEstimates, wire_payload, with_output_limit
from schemas.outcomes import Usage


def test_payload_goes_out_as_it_is_where_nothing_must_change() -> None:
    request, unlimited = chat_request(), chat_request(output_tokens=0)

    assert wire_payload(request, "max_completion_tokens", is_enlarged=False) is request.payload
    assert wire_payload(unlimited, "max_tokens", is_enlarged=False) is unlimited.payload


def test_what_changes_only_the_way_is_added_whatever_else_changes() -> None:
    request = replace(chat_request(output_tokens=100), way=b'"store":false')

    as_it_is = wire_payload(request, "max_completion_tokens", is_enlarged=False)
    renamed = wire_payload(request, "max_tokens", is_enlarged=True)

    assert orjson.loads(as_it_is) == {**orjson.loads(request.payload), "store": False}
    assert orjson.loads(renamed)["store"] is False
    assert orjson.loads(renamed)["max_tokens"] == 200


def test_limit_that_is_lowered_is_the_one_that_is_set() -> None:
    lowered = with_output_limit(b'{"max_completion_tokens":null,"max_tokens":100}', 50)

    assert orjson.loads(lowered) == {"max_completion_tokens": None, "max_tokens": 50}


def test_limit_of_either_name_is_doubled_under_the_name_that_the_endpoint_knows() -> None:
    new, old = chat_request(output_tokens=100), chat_request(output_tokens=100)
    old = type(old)(
        old.request_id,
        old.url,
        old.model,
        old.payload.replace(b"max_completion_tokens", b"max_tokens"),
        old.purpose,
        old.prompt_tokens,
        old.max_output_tokens,
    )

    bodies = [
        orjson.loads(wire_payload(new, "max_completion_tokens", is_enlarged=True)),
        orjson.loads(wire_payload(new, "max_tokens", is_enlarged=True)),
        orjson.loads(wire_payload(old, "max_tokens", is_enlarged=True)),
    ]

    assert bodies[0]["max_completion_tokens"] == 200
    assert bodies[1]["max_tokens"] == bodies[2]["max_tokens"] == 200
    assert "max_completion_tokens" not in bodies[1]


def test_estimate_is_the_larger_of_the_providers_two_ways_to_count() -> None:
    estimates = TokenEstimates()
    long_prompt = chat_request("x" * 4000, output_tokens=10)

    assert estimates.estimate(chat_request(), is_enlarged=False) == (120, 100)
    assert estimates.estimate(chat_request(), is_enlarged=True) == (220, 200)
    assert estimates.estimate(long_prompt, is_enlarged=False).tokens > 1000


def test_output_without_a_limit_is_learnt_from_replies_with_a_margin() -> None:
    estimates = TokenEstimates()
    request = chat_request(output_tokens=0)

    for _ in range(REPLIES_TO_LEARN - 1):
        estimates.learn(request, Usage(20, 400))
    before = estimates.estimate(request, is_enlarged=False)
    estimates.learn(request, Usage(20, 400))
    after = estimates.estimate(request, is_enlarged=False)

    assert before.output_tokens == 0
    assert after.output_tokens == 500


def test_an_output_limit_of_the_budget_stands_in_under_the_name_that_is_known() -> None:
    request, unlimited = chat_request(), chat_request(output_tokens=0)
    own = replace(request, payload=request.payload.replace(b"max_completion_", b"max_"))

    ours = orjson.loads(wire_payload(request, "max_completion_tokens", False, 30))
    renamed = orjson.loads(wire_payload(request, "max_tokens", False, 30))
    kept = orjson.loads(wire_payload(own, "max_completion_tokens", False, 30))
    added = orjson.loads(wire_payload(unlimited, "max_tokens", False, 30))

    assert ours["max_completion_tokens"] == renamed["max_tokens"] == kept["max_tokens"] == 30
    assert added["max_tokens"] == 30
