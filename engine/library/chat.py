"""Requests for a chat completion, as a user of the library writes them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import orjson

from engine.library.given import check_messages
from engine.wire.tokens import count_tokens
from schemas.requests import CHAT_COMPLETIONS, Json, Request, make_request

NOTHING_MORE: Mapping[str, Json] = MappingProxyType({})


def make_chat_request(
    item_id: str,
    messages: Sequence[Mapping[str, Json]],
    *,
    model: str,
    max_output_tokens: int,
    ordinal: int = 0,
    purpose: str = "chat",
    parameters: Mapping[str, Json] = NOTHING_MORE,
) -> Request:
    """The request for call number `ordinal` (0-based) of an item: these messages to this model.

    Its id is a hash of all that is given here but `purpose`: the same call again is the same
    request, and is not bought twice. `parameters` are the body's other fields (temperature,
    response_format, ...). `max_output_tokens` must be above 0: without it there is no bound of what
    the request may cost. The prompt is counted offline, all of its JSON, so rather too high.

    Raises:
        ValueError: `max_output_tokens` is not above 0.
        TypeError: the messages are no sequence of objects.
    """
    check_messages(messages)
    if max_output_tokens <= 0:
        raise ValueError(f"max_output_tokens: found {max_output_tokens}, expected more than 0")
    given: list[Json] = [dict(message) for message in messages]
    body: dict[str, Json] = {
        **parameters,
        "model": model,
        "messages": given,
        "max_completion_tokens": max_output_tokens,
    }
    return make_request(
        item_id,
        ordinal,
        url=CHAT_COMPLETIONS,
        body=body,
        purpose=purpose,
        prompt_tokens=count_tokens(orjson.dumps(body).decode()),
    )
