from dataclasses import replace

from engine.testing.calls import chat_request
from engine.wire.output_sizes import REPLIES_KEPT, REPLIES_TO_LEARN, OutputSizes
from schemas.requests import EMBEDDINGS


def learnt(*tokens: int) -> OutputSizes:
    sizes, request = OutputSizes(), chat_request()
    for each in tokens:
        sizes.learn(request.model, request.purpose, each)
    return sizes


def test_enough_is_a_margin_above_the_largest_of_the_latest_replies() -> None:
    sizes = learnt(*[10] * REPLIES_TO_LEARN, 40)
    changed = learnt(90, *[20] * REPLIES_KEPT)

    assert sizes.enough_for(chat_request()) == 50
    assert changed.enough_for(chat_request()) == 25


def test_nothing_is_enough_where_too_little_is_known_of_a_kind() -> None:
    sizes = learnt(*[10] * REPLIES_TO_LEARN)

    assert learnt(*[10] * (REPLIES_TO_LEARN - 1)).enough_for(chat_request()) is None
    assert sizes.enough_for(replace(chat_request(), purpose="another")) is None
    assert sizes.enough_for(replace(chat_request(), model="another")) is None


def test_nothing_below_the_own_limit_is_enough_for_long_replies_or_several_choices() -> None:
    several = replace(chat_request(), payload=b'{"n":2,"max_completion_tokens":50}')

    assert learnt(*[90] * REPLIES_TO_LEARN).enough_for(chat_request(output_tokens=100)) is None
    assert learnt(*[1] * REPLIES_TO_LEARN).enough_for(several) is None


def test_a_limit_is_added_to_chat_requests_without_one_and_to_no_others() -> None:
    unlimited = chat_request(output_tokens=0)
    odd = replace(unlimited, payload=b'{"max_tokens":"20"}')
    sizes = learnt(*[40] * REPLIES_TO_LEARN)

    assert sizes.enough_for(unlimited) == 50
    assert sizes.enough_for(odd) is None
    assert sizes.enough_for(replace(unlimited, url=EMBEDDINGS)) is None
