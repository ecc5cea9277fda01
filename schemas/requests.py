"""What is asked of a model: one request, identified by its content."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import orjson

from schemas.parameters import NO_PARAMETERS, reply_parameters, way_parameters
from schemas.record import content_id

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Url = Literal["/v1/chat/completions", "/v1/embeddings"]

CHAT_COMPLETIONS: Url = "/v1/chat/completions"
EMBEDDINGS: Url = "/v1/embeddings"
TIER_MEMBER = b'"service_tier"'  # within a text its quotes are escaped
SUPPORTED_URLS: tuple[Url, ...] = (CHAT_COMPLETIONS, EMBEDDINGS)


class Prefix(NamedTuple):
    """A leading part of a prompt that other prompts share: up to a character of a message.

    `tokens` counts all of it, from the beginning of the prompt; `prefix_id` is a hash of it.
    """

    prefix_id: str
    message: int
    chars: int
    tokens: int


class CacheLayout(NamedTuple):
    """What of a prompt the provider is to keep: `prefixes` from the shortest to the longest.

    Explicit: there alone, and nothing is kept by itself. The key brings requests that share a
    prefix to one machine.
    """

    key: str
    prefixes: tuple[Prefix, ...]
    is_explicit: bool


@dataclass(frozen=True, slots=True)
class Request:
    """One call, serialised once. Nothing in it depends on lane, key, base URL or time.

    `purpose` groups calls of one kind (their output sizes are alike); it is not part of the id.
    `prompt_tokens` is an estimate; `max_output_tokens` counts all `n` choices (0: embeddings).
    `server` names the one of several servers that it goes to, empty for the run's own; it is not
    part of the id either: the same model elsewhere gives the same answers. Nor is `way`: the
    members of the body, as JSON without braces, that change only how it travels or its price; nor
    `cache`, how the prompt is laid out for the provider's prompt cache (None: as it is).
    """

    request_id: str
    url: Url
    model: str
    payload: bytes
    purpose: str
    prompt_tokens: int
    max_output_tokens: int
    server: str = ""
    way: bytes = b""
    cache: CacheLayout | None = None


class Manner(NamedTuple):
    """Beyond what is asked: the server, what a user adds to the body, and the prompt's layout."""

    server: str = ""
    parameters: Mapping[str, Json] = NO_PARAMETERS
    cache: CacheLayout | None = None


PLAIN = Manner()


def make_request(
    item_id: str,
    ordinal: int,
    *,
    url: Url,
    body: Mapping[str, Json],
    purpose: str,
    prompt_tokens: int,
    manner: Manner = PLAIN,
) -> Request:
    """The request that is call number `ordinal` (0-based) of an item.

    The id is a hash of item, ordinal, url and body (model, messages, parameters): two identical
    calls of one item are two samples and have two ids. The output limit stands in the body as
    `max_completion_tokens`; a lane may rename it on the wire. Of the parameters of `manner` those
    that change only the way are no part of the id; what stands in the body already wins.
    """
    way = b""
    if manner.parameters:
        body = {**reply_parameters(manner.parameters), **body}
        way = body_members(way_parameters(manner.parameters))
    return Request(
        request_id=content_id("request", item_id, ordinal, url, body),
        url=url,
        model=str(body["model"]),
        payload=orjson.dumps(body),
        purpose=purpose,
        prompt_tokens=prompt_tokens,
        max_output_tokens=output_limit(body),
        server=manner.server,
        way=way,
        cache=manner.cache,
    )


def body_members(fields: Mapping[str, Json]) -> bytes:
    """The members of a JSON object without its braces; nothing for no fields."""
    return orjson.dumps(fields)[1:-1]


def asked_tier(request: Request) -> str:
    """The service tier that a request asks for, in its body or by its way; empty: none."""
    tier = None
    if TIER_MEMBER in request.payload:
        tier = orjson.loads(request.payload).get("service_tier")
    if tier is None and TIER_MEMBER in request.way:
        tier = orjson.loads(b"{%b}" % request.way).get("service_tier")
    return str(tier or "")


def without_tier(request: Request) -> Request:
    """The same request, without the service tier that it asks for by its way."""
    if not request.way:
        return request
    fields = orjson.loads(b"{%b}" % request.way)
    fields.pop("service_tier", None)
    return replace(request, way=body_members(fields))


def output_limit(body: Mapping[str, Json]) -> int:
    """The most tokens that a body lets all its choices write together, 0: no limit."""
    limit = body.get("max_completion_tokens") or body.get("max_tokens") or 0
    choices = body.get("n") or 1
    if not isinstance(limit, int) or not isinstance(choices, int):
        return 0  # the provider will judge of it
    return max(limit, 0) * max(choices, 1)
