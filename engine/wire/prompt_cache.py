"""The provider's prompt cache: what of a prompt is marked to be kept, and how that is written."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import orjson

from engine.errors import RequestError
from engine.wire.prices import charges_cache_writes
from schemas.record import content_id
from schemas.requests import CacheLayout, Json, Prefix
from schemas.settings import CacheChoice, ModelPrice
from schemas.settings.addresses import OPENAI_ADDRESS

# All from OpenAI's guide on prompt caching, as of 2026-11-28.
SHORTEST_TOKENS = 1_024  # of a prefix that is kept
MOST_BREAKPOINTS = 4
REQUESTS_PER_KEY = 15.0  # a minute; what goes beyond is served by machines that have not kept it
ASSUMED_REQUESTS_PER_MINUTE = 60.0  # where no limit is set

CacheMode = Literal["off", "key", "explicit"]

_MARK: Json = {"mode": "explicit"}
_REFUSED = ("prompt_cache", "breakpoint")


class CacheRules(NamedTuple):
    """How the prompts to one model are laid out. `key_count`: over so many keys they are spread."""

    mode: CacheMode = "off"
    key_count: int = 1


def cache_rules(
    choice: CacheChoice,
    *,
    base_url: str,
    model: str,
    prices: Mapping[str, ModelPrice],
    parameters: Mapping[str, Json],
    requests_per_minute: float | None,
) -> CacheRules:
    """How prompts are laid out for a model at an address.

    Breakpoints are set only for models that charge writes; others cache by themselves, and get the
    key alone. `auto` is for OpenAI: servers that do not know these fields may refuse them. A user
    who gives the fields as parameters lays prompts out alone.
    """
    is_known = base_url.rstrip("/") == OPENAI_ADDRESS
    is_users = any(name.startswith("prompt_cache_") for name in parameters)
    if choice == "off" or (choice == "auto" and not is_known) or is_users:
        return CacheRules()
    per_minute = requests_per_minute or ASSUMED_REQUESTS_PER_MINUTE
    mode: CacheMode = "explicit" if charges_cache_writes(prices, model) else "key"
    return CacheRules(mode, math.ceil(per_minute / REQUESTS_PER_KEY))


def lay_out(
    rules: CacheRules, prefixes: Sequence[Prefix], *, family: str, group_id: str
) -> CacheLayout | None:
    """How one prompt is laid out, whose `prefixes` other prompts share; None: as it is.

    `family` names the prompts that begin alike, `group_id` those that share more of it: they go to
    one machine.
    """
    if rules.mode == "off":
        return None
    bucket = int(content_id("bucket", group_id)[:8], 16) % rules.key_count
    key = f"{family[:24]}-{bucket}"
    kept = [
        each._replace(prefix_id=f"{key}:{each.prefix_id}")  # each machine keeps it for itself
        for each in prefixes
        if each.tokens >= SHORTEST_TOKENS
    ]
    layout = tuple(kept[-MOST_BREAKPOINTS:])
    return CacheLayout(key, layout, is_explicit=rules.mode == "explicit")


def with_cache(payload: bytes, layout: CacheLayout) -> bytes:
    """A chat body with its breakpoints and key; its texts are the same, in parts."""
    body = orjson.loads(payload)
    if layout.is_explicit:
        body["prompt_cache_options"] = _MARK
        for number, message in enumerate(body["messages"]):
            ends = [each.chars for each in layout.prefixes if each.message == number]
            if ends and isinstance(message["content"], str):
                message["content"] = _parts(message["content"], ends)
    if layout.prefixes:
        body["prompt_cache_key"] = layout.key
    return orjson.dumps(body)


def refuses_cache(error: RequestError) -> bool:
    """Whether a host says that it does not know the fields of the prompt cache."""
    words = f"{error.code} {error}".lower()
    return error.status in (400, 422) and any(word in words for word in _REFUSED)


def _parts(text: str, ends: Sequence[int]) -> list[Json]:
    parts: list[Json] = []
    start = 0
    for end in sorted({min(end, len(text)) for end in ends}):
        part: Json = {"type": "text", "text": text[start:end], "prompt_cache_breakpoint": _MARK}
        parts.append(part)
        start = end
    if start < len(text):
        parts.append({"type": "text", "text": text[start:]})
    return parts
