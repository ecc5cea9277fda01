import orjson
import pytest
from pydantic import TypeAdapter, ValidationError

from schemas.parameters import OWN_NAMES, Parameters
from schemas.requests import CHAT_COMPLETIONS, Json, Manner, Request, make_request
from tests.rows import each_row

BODY: dict[str, Json] = {"model": "m", "messages": [], "max_completion_tokens": 9}


def request_with(parameters: dict[str, Json]) -> Request:
    return make_request(
        "i",
        0,
        url=CHAT_COMPLETIONS,
        body=BODY,
        purpose="p",
        prompt_tokens=1,
        manner=Manner(parameters=parameters),
    )


def test_parameter_that_changes_the_reply_changes_the_id() -> None:
    bare, low, high = (
        request_with({}),
        request_with({"reasoning_effort": "low"}),
        request_with({"reasoning_effort": "high"}),
    )

    assert len({bare.request_id, low.request_id, high.request_id}) == 3
    assert orjson.loads(low.payload)["reasoning_effort"] == "low"
    assert low.way == b""


def test_parameter_that_changes_only_way_or_price_is_no_part_of_the_id() -> None:
    sent = request_with({"service_tier": "flex", "store": False, "metadata": {"a": "b"}})

    assert sent.request_id == request_with({}).request_id
    assert sent.payload == request_with({}).payload
    assert orjson.loads(b"{%b}" % sent.way) == {
        "service_tier": "flex",
        "store": False,
        "metadata": {"a": "b"},
    }


def test_what_a_stage_sets_itself_wins() -> None:
    request = request_with({"max_completion_tokens": 5, "seed": 1})

    assert orjson.loads(request.payload) == {**BODY, "seed": 1}


@each_row("name", list(OWN_NAMES))
def test_parameter_that_is_made_here_is_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(ValidationError, match=f"{name} cannot be given as a parameter: .*(:|set)"):
        TypeAdapter(Parameters).validate_python({"seed": 1, name: 1})


def test_parameter_without_a_value_is_unset() -> None:
    assert TypeAdapter(Parameters).validate_python({"seed": None, "top_p": 0.5}) == {"top_p": 0.5}
