from dataclasses import replace

import pytest

from engine.testing.calls import chat_request
from engine.wire import prices
from engine.wire.prices import (
    ALL_SENDS,
    COMMON_PRICES,
    UNLIMITED_OUTPUT_TOKENS,
    base_model,
    make_price,
    worst_case_usd,
    worst_usage,
)
from schemas.outcomes import Usage
from schemas.requests import EMBEDDINGS
from schemas.settings import ModelPrice
from tests.rows import each_row

MANY = 50_000


@each_row("model", COMMON_PRICES)
@each_row(
    "usage",
    [Usage(MANY), Usage(MANY, 0, MANY), Usage(MANY, 0, 0, MANY), Usage(completion_tokens=MANY)],
)
def test_common_prices_are_those_of_the_public_list(model: str, usage: Usage) -> None:
    ours = make_price({})(model, usage)

    assert ours == pytest.approx(prices._look_up(model, usage))


def test_own_prices_win_over_public_ones() -> None:
    price = make_price({"gpt-4o": ModelPrice(input=7.0, output=0.0)})

    assert price("gpt-4o", Usage(prompt_tokens=1_000_000)) == pytest.approx(7.0)


def test_unknown_model_has_no_price() -> None:
    assert make_price({})("nobody-knows-it", Usage(prompt_tokens=1)) is None


def test_worst_case_counts_every_send_of_a_reply_that_is_cut_off() -> None:
    price = make_price({"m": ModelPrice(input=1.0, output=2.0)})
    request = chat_request("a", prompt_tokens=100)  # 100 tokens in, 100 out at most

    assert worst_case_usd(price, request) == pytest.approx(300 / 1e6)
    assert worst_case_usd(price, request, ALL_SENDS) == pytest.approx((300 + 500) / 1e6)


def test_worst_case_of_an_unlimited_output_is_the_most_that_a_model_writes() -> None:
    price = make_price({"m": ModelPrice(input=0.0, output=1.0)})
    chat = chat_request("a", prompt_tokens=100, output_tokens=0)
    embedding = replace(chat, url=EMBEDDINGS)

    assert worst_case_usd(price, chat, ALL_SENDS) == pytest.approx(UNLIMITED_OUTPUT_TOKENS / 1e6)
    assert worst_case_usd(price, embedding, ALL_SENDS) == 0.0


def test_worst_case_counts_the_bytes_of_a_prompt_that_was_counted_too_low() -> None:
    plain = replace(chat_request("a", prompt_tokens=100), prompt_tokens=1, payload=b"x" * 400)
    wide = replace(plain, payload="\u6587".encode() * 100)

    assert worst_usage(plain).prompt_tokens == 100
    assert worst_usage(wide).prompt_tokens == 150


def test_worst_case_of_an_unknown_model_is_unknown() -> None:
    request = replace(chat_request("a", prompt_tokens=100), model="nobody-knows-it")

    assert worst_case_usd(make_price({}), request) is None


@each_row(
    "model, base",
    [
        ("ft:gpt-4.1-mini:x", "gpt-4.1-mini"),
        ("ft:gpt-4.1-mini-2025-04-14:org::AbC123", "gpt-4.1-mini-2025-04-14"),
        ("ft:gpt-4.1-mini-2025-04-14:org:suffix:AbC123:ckpt-step-90", "gpt-4.1-mini-2025-04-14"),
        ("ft:gpt-4.1-mini", "gpt-4.1-mini"),
        ("gpt-4o-mini:ft-org-2026-01-01", "gpt-4o-mini"),
        ("gpt-4o-mini-2024-07-18.ft-0a1b2c3d-suffix", "gpt-4o-mini-2024-07-18"),
        ("gpt-4o-mini", "gpt-4o-mini"),
    ],
)
def test_a_tuned_models_name_tells_its_base_model(model: str, base: str) -> None:
    assert base_model(model) == base


@each_row(
    "model, factor",
    [
        ("ft:gpt-4.1-mini-2025-04-14:org::id", 2.0),
        ("ft:gpt-4.1-2025-04-14:org::id", 1.5),
        ("ft:gpt-4o-mini-2024-07-18:org:suffix:id", 2.0),
        ("ft:gpt-6-luna:x", 2.0),
    ],
)
def test_a_tuned_models_price_follows_from_its_base_model(model: str, factor: float) -> None:
    price, usage = make_price({}), Usage(1_000, 100)

    base_usd = price(base_model(model), usage)

    assert base_usd
    assert price(model, usage) == pytest.approx(base_usd * factor)


def test_own_price_of_the_base_model_holds_for_what_is_tuned_from_it() -> None:
    price = make_price({"mine": ModelPrice(input=1.0, output=2.0)})

    assert price("ft:mine:1", Usage(1_000_000, 0)) == pytest.approx(1.0)
    assert price("ft:other:1", Usage(1_000_000, 0)) is None
