import pytest

from engine.wire import prices
from engine.wire.prices import COMMON_PRICES, make_price
from schemas.outcomes import Usage
from schemas.settings import ModelPrice

MANY = 50_000


@pytest.mark.parametrize("model", COMMON_PRICES)
@pytest.mark.parametrize(
    "usage",
    [Usage(prompt_tokens=MANY), Usage(MANY, 0, MANY), Usage(completion_tokens=MANY)],
    ids=["input", "cached", "output"],
)
def test_common_prices_are_those_of_the_public_list(model: str, usage: Usage) -> None:
    ours = make_price({})(model, usage)

    assert ours == pytest.approx(prices._look_up(model, usage))


def test_own_prices_win_over_public_ones() -> None:
    price = make_price({"gpt-4o": ModelPrice(input=7.0, output=0.0)})

    assert price("gpt-4o", Usage(prompt_tokens=1_000_000)) == pytest.approx(7.0)


def test_unknown_model_has_no_price() -> None:
    assert make_price({})("nobody-knows-it", Usage(prompt_tokens=1)) is None
