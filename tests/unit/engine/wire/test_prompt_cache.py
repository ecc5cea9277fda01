"""Which prompts are laid out for the provider's cache, and what goes on the wire."""

from typing import Any

import orjson

from engine.errors import RequestError
from engine.wire.prompt_cache import (
    CacheRules,
    cache_rules,
    lay_out,
    refuses_cache,
    with_cache,
)
from schemas.requests import CacheLayout, Prefix
from schemas.settings import CacheChoice, ModelPrice
from schemas.settings.addresses import OPENAI_ADDRESS
from tests.rows import each_row

ELSEWHERE = "http://127.0.0.1:8000/v1"
SYSTEM, LISTING, QUESTION = "Answer well. ", "=== TEXT ===\n[1] So.\n", "\n\nQuestion: Why?"
BODY: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": LISTING + QUESTION},
    ],
}
PREFIXES = (Prefix("s", 0, len(SYSTEM), 1_100), Prefix("c", 1, len(LISTING), 1_600))
MARK = {"mode": "explicit"}


def rules(choice: CacheChoice = "auto", **changes: Any) -> CacheRules:
    given: dict[str, Any] = {
        "base_url": OPENAI_ADDRESS,
        "model": "gpt-6-luna",
        "prices": {},
        "parameters": {},
        "requests_per_minute": None,
    }
    return cache_rules(choice, **{**given, **changes})


@each_row(
    "given, mode",
    [
        ({}, "explicit"),
        ({"model": "ft:gpt-6-luna:org::1"}, "explicit"),
        ({"model": "gpt-4.1-mini"}, "key"),
        ({"model": "nobody-knows-it"}, "key"),
        ({"base_url": ELSEWHERE}, "off"),
        ({"choice": "off"}, "off"),
        ({"choice": "on", "base_url": ELSEWHERE}, "explicit"),
        ({"parameters": {"prompt_cache_key": "mine"}}, "off"),
        (
            {"model": "own", "prices": {"own": ModelPrice(input=1, cache_write=1.25, output=1)}},
            "explicit",
        ),
    ],
)
def test_breakpoints_are_only_for_models_that_charge_writes_at_servers_that_know_them(
    given: dict[str, Any], mode: str
) -> None:
    assert rules(**given).mode == mode


@each_row("per_minute, count", [(10.0, 1), (60.0, 4), (500.0, 34), (None, 4)])
def test_prompts_are_spread_over_as_many_keys_as_their_rate_needs(
    per_minute: float | None, count: int
) -> None:
    assert rules(requests_per_minute=per_minute).key_count == count


def test_prompts_about_one_chunk_have_one_key_and_those_about_many_have_all() -> None:
    spread = CacheRules("explicit", 4)

    keys = [
        lay_out(spread, PREFIXES, family="f" * 32, group_id=f"{number // 3}")
        for number in range(300)
    ]

    by_chunk = [{each.key for each in keys[n : n + 3] if each} for n in range(0, 300, 3)]
    assert all(len(each) == 1 for each in by_chunk)
    assert len(set().union(*by_chunk)) == 4


def test_prefix_that_is_too_short_to_be_kept_is_not_marked() -> None:
    short = (PREFIXES[0]._replace(tokens=1_023), PREFIXES[1])

    layout = lay_out(CacheRules("explicit"), short, family="f", group_id="g")

    assert layout is not None
    assert [each.tokens for each in layout.prefixes] == [1_600]


def test_text_is_cut_at_its_breakpoints_and_nothing_of_it_changes() -> None:
    layout = CacheLayout("k", PREFIXES, is_explicit=True)

    body = orjson.loads(with_cache(orjson.dumps(BODY), layout))

    assert body["prompt_cache_options"] == MARK
    assert body["prompt_cache_key"] == "k"
    system, user = (message["content"] for message in body["messages"])
    assert system == [{"type": "text", "text": SYSTEM, "prompt_cache_breakpoint": MARK}]
    assert user == [
        {"type": "text", "text": LISTING, "prompt_cache_breakpoint": MARK},
        {"type": "text", "text": QUESTION},
    ]


def test_model_that_caches_by_itself_gets_the_key_alone() -> None:
    layout = CacheLayout("k", PREFIXES, is_explicit=False)

    body = orjson.loads(with_cache(orjson.dumps(BODY), layout))

    assert body == {**BODY, "prompt_cache_key": "k"}


def test_prompt_that_shares_nothing_is_not_written_to_the_cache() -> None:
    body = orjson.loads(with_cache(orjson.dumps(BODY), CacheLayout("k", (), is_explicit=True)))

    assert body == {**BODY, "prompt_cache_options": MARK}


@each_row(
    "error, is_refusal",
    [
        (RequestError("Unrecognized argument: prompt_cache_key", code="x", status=400), True),
        (RequestError("extra_forbidden: prompt_cache_options", code="x", status=422), True),
        (RequestError("Invalid breakpoint", code="x", status=400), True),
        (RequestError("Invalid schema", code="x", status=400), False),
        (RequestError("prompt_cache is down", code="x", status=500), False),
    ],
)
def test_refusal_of_the_fields_is_told_from_others(
    error: RequestError, *, is_refusal: bool
) -> None:
    assert refuses_cache(error) == is_refusal
