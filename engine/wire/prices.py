"""What a request costs: dated public prices, the batch discount, and prices of one's own."""

from collections.abc import Callable, Mapping
from functools import cache

from schemas.outcomes import Usage
from schemas.settings import ModelPrice

Price = Callable[[str, Usage], float | None]

TOKENS_PER_PRICE = 1_000_000
FLAT_PROMPT_TOKENS = 100_000  # no listed model has a price step below this prompt size

# Dollars per million tokens of input, cached input and output, as of 2026-11-23 (OpenAI's price
# list). They are here because to import genai-prices takes as long as to send 1,000 requests; a
# test compares them with it.
COMMON_PRICES = {
    "gpt-6.1-sol": ModelPrice(input=2.0, cached_input=0.1, output=10.0),
    "gpt-6.1-terra": ModelPrice(input=1.0, cached_input=0.05, output=5.0),
    "gpt-6-luna": ModelPrice(input=0.1, cached_input=0.01, output=0.5),
    "gpt-4.1": ModelPrice(input=2.0, cached_input=0.5, output=8.0),
    "gpt-4.1-mini": ModelPrice(input=0.4, cached_input=0.1, output=1.6),
    "gpt-4o": ModelPrice(input=2.5, cached_input=1.25, output=10.0),
    "gpt-4o-mini": ModelPrice(input=0.15, cached_input=0.075, output=0.6),
    "text-embedding-3-small": ModelPrice(input=0.02, output=0.0),
    "text-embedding-3-large": ModelPrice(input=0.13, output=0.0),
}


def make_price(own: Mapping[str, ModelPrice], *, is_free: bool = False) -> Price:
    """A function from model and usage to US dollars at live prices; None: the price is unknown.

    `own` prices (dollars a million tokens) win over the public ones of genai-prices, which are
    part of the installed package: nothing is fetched. Each request is priced by itself, because
    some models cost more above an input size.
    """

    def price(model: str, usage: Usage) -> float | None:
        if is_free:
            return 0.0
        if (listed := own.get(model)) is not None:
            return _price_at(listed, usage)
        return _public_price(model, usage)

    return price


def _price_at(listed: ModelPrice, usage: Usage) -> float:
    cached = listed.cached_input if listed.cached_input is not None else listed.input
    return (
        (usage.prompt_tokens - usage.cached_tokens) * listed.input
        + usage.cached_tokens * cached
        + usage.completion_tokens * listed.output
    ) / TOKENS_PER_PRICE


def _public_price(model: str, usage: Usage) -> float | None:
    if usage.prompt_tokens > FLAT_PROMPT_TOKENS:
        return _look_up(model, usage)
    listed = _flat_price(model)
    return None if listed is None else _price_at(listed, usage)


@cache
def _flat_price(model: str) -> ModelPrice | None:
    """The model's prices below its first step, read once: a look-up takes 0.1 ms."""
    if (common := COMMON_PRICES.get(model)) is not None:
        return common
    many = FLAT_PROMPT_TOKENS
    fresh = _look_up(model, Usage(prompt_tokens=many))
    if fresh is None:
        return None
    cached = _look_up(model, Usage(prompt_tokens=many, cached_tokens=many)) or 0.0
    output = _look_up(model, Usage(completion_tokens=many)) or 0.0
    per_price = TOKENS_PER_PRICE / many
    return ModelPrice(
        input=fresh * per_price, cached_input=cached * per_price, output=output * per_price
    )


def _look_up(model: str, usage: Usage) -> float | None:
    import genai_prices

    counted = genai_prices.Usage(
        input_tokens=usage.prompt_tokens,
        cache_read_tokens=usage.cached_tokens,
        output_tokens=usage.completion_tokens,
    )
    try:
        return float(genai_prices.calc_price(counted, model, provider_id="openai").total_price)
    except LookupError:
        return None
