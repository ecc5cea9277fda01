"""What a request costs, and may cost at most: dated public prices, and prices of one's own."""

import re
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Protocol

from engine.errors import ConfigError
from engine.wire.payloads import CHARS_PER_TOKEN, ENLARGED
from schemas.outcomes import Usage
from schemas.requests import CHAT_COMPLETIONS
from schemas.settings import LimitSettings, ModelPrice

Price = Callable[[str, Usage], float | None]

TOKENS_PER_PRICE = 1_000_000
FLAT_PROMPT_TOKENS = 100_000  # no listed model has a price step below this prompt size

UNLIMITED_OUTPUT_TOKENS = 128_000  # the most that a listed model writes (OpenAI, models)
WIDE_BYTES_PER_TOKEN = 2  # of a text that is not ASCII: one letter may take 4 bytes
ONE_SEND = (1,)
ALL_SENDS = (1, ENLARGED)  # of a request whose reply is cut off: once more, with a larger limit

PRICES_AS_OF = date(2026, 11, 23)

# Dollars per million tokens of input, cached input, input written to the cache and output (OpenAI's
# price list of that day). They are here because to import genai-prices takes as long as to send
# 1,000 requests; a test compares them with it.
COMMON_PRICES = {
    "gpt-6.1-sol": ModelPrice(input=2.0, cached_input=0.1, cache_write=2.5, output=10.0),
    "gpt-6.1-terra": ModelPrice(input=1.0, cached_input=0.05, cache_write=1.25, output=5.0),
    "gpt-6-luna": ModelPrice(input=0.1, cached_input=0.01, cache_write=0.125, output=0.5),
    "gpt-4.1": ModelPrice(input=2.0, cached_input=0.5, output=8.0),
    "gpt-4.1-mini": ModelPrice(input=0.4, cached_input=0.1, output=1.6),
    "gpt-4o": ModelPrice(input=2.5, cached_input=1.25, output=10.0),
    "gpt-4o-mini": ModelPrice(input=0.15, cached_input=0.075, output=0.6),
    "text-embedding-3-small": ModelPrice(input=0.02, output=0.0),
    "text-embedding-3-large": ModelPrice(input=0.13, output=0.0),
}

# Shares of the live price that service tiers cost (OpenAI's price list, 2026-11-23; priority is
# 1.75 to 2.5 by model). What a reply names and is not here is the usual tier, at the live price.
PUBLIC_TIER_SHARES: Mapping[str, float] = MappingProxyType(
    {"flex": 0.5, "batch": 0.5, "priority": 2.0}
)

# Times its base model's price that a tuned model costs (OpenAI's price list, 2026-11-23); where the
# list of genai-prices has the tuned model itself, its price holds.
TUNED_FACTORS = {"gpt-4.1-mini": 2.0, "gpt-4.1-nano": 2.0, "gpt-4.1": 1.5}
OTHER_TUNED_FACTOR = 2.0  # no listed one is above it

# ft:BASE:ORGANISATION:SUFFIX:ID, also with a checkpoint's name or less of it; BASE:ft-ORGANISATION;
# BASE.ft-ID (Azure).
_TUNED = re.compile(r"ft:(?P<new>[^:]+)(?::.*)?|(?P<old>[^:]+?)[:.]ft-.*")


@cache
def base_model(model: str) -> str:
    """The model that a tuned model was made from, by its name; any other model itself."""
    found = _TUNED.fullmatch(model)
    return (found["new"] or found["old"]) if found else model


def make_price(
    own: Mapping[str, ModelPrice], *, is_free: bool = False, free_models: Container[str] = ()
) -> Price:
    """A function from model and usage to US dollars at live prices; None: the price is unknown.

    `own` prices (dollars a million tokens) win over the public ones of genai-prices, which are
    part of the installed package: nothing is fetched. Each request is priced by itself, because
    some models cost more above an input size. A tuned model costs what its base model does in
    `own`, or else what the public list says of tuned ones. `free_models` cost nothing if neither
    knows them.
    """
    known: dict[str, ModelPrice] = {}  # of models that are no tuned ones

    def price(model: str, usage: Usage) -> float | None:
        listed = known.get(model)
        if listed is not None and usage.prompt_tokens <= FLAT_PROMPT_TOKENS:
            return _price_at(listed, usage)
        if is_free:
            return 0.0
        if model == base_model(model) and (found := own.get(model) or _flat_price(model)):
            known[model] = found
        return looked_up(model, usage)

    def looked_up(model: str, usage: Usage) -> float | None:
        base = base_model(model)
        if (listed := own.get(model) or own.get(base)) is not None:
            return _price_at(listed, usage)
        public = _public_price(model, usage) if base == model else _tuned_price(model, base, usage)
        return 0.0 if public is None and model in free_models else public

    return price


def charges_cache_writes(own: Mapping[str, ModelPrice], model: str) -> bool:
    """Whether a model charges more for input that is written to its prompt cache."""
    base = base_model(model)
    listed = own.get(model) or own.get(base) or _flat_price(base)
    return listed is not None and listed.cache_write is not None


class Sendable(Protocol):
    """What is known of a request before it is sent."""

    @property
    def url(self) -> str:
        """Path of the API."""

    @property
    def model(self) -> str:
        """Who is asked."""

    @property
    def payload(self) -> bytes:
        """The body."""

    @property
    def prompt_tokens(self) -> int:
        """Our count of the prompt."""

    @property
    def max_output_tokens(self) -> int:
        """The output limit over all choices, 0: none."""


def worst_usage(request: Sendable, enlargement: int = 1) -> Usage:
    """The most tokens that one send of `request` may be billed for.

    The prompt counts as the larger of our count and of what its bytes come to; the output as its
    limit, times `enlargement`; without a limit as the most that any listed model writes. All of
    the prompt may be written to the provider's cache.
    """
    bytes_per_token = CHARS_PER_TOKEN if request.payload.isascii() else WIDE_BYTES_PER_TOKEN
    output_tokens = request.max_output_tokens * enlargement
    if not output_tokens and request.url == CHAT_COMPLETIONS:
        output_tokens = UNLIMITED_OUTPUT_TOKENS
    prompt_tokens = max(request.prompt_tokens, len(request.payload) // bytes_per_token)
    return Usage(prompt_tokens, output_tokens, 0, prompt_tokens)


def unknown_price(model: str) -> ConfigError:
    """The error for a model whose requests cannot be kept within a budget."""
    return ConfigError(
        f"the price of model {model!r} is unknown, so budget.usd cannot be kept; "
        f'give it as [prices."{model}"] with input and output in dollars per '
        "million tokens, or leave budget.usd unset"
    )


def counted_sends(limits: LimitSettings) -> Sequence[int]:
    """The sends of a request that its worst case counts, each as a factor of its output limit."""
    return ALL_SENDS if limits.retry_truncated else ONE_SEND


def worst_case_usd(
    price: Price, request: Sendable, sends: Sequence[int] = ONE_SEND
) -> float | None:
    """What `request` may cost at most at live prices; None: the price is unknown.

    Budget, packing and preview all ask here. `sends` are those that are counted, each as a factor
    of the output limit. A send that is lost and made again is another one.
    """
    total_usd = 0.0
    for enlargement in sends if request.max_output_tokens else ONE_SEND:
        usd = price(request.model, worst_usage(request, enlargement))
        if usd is None:
            return None
        total_usd += usd
    return total_usd


def _price_at(listed: ModelPrice, usage: Usage) -> float:
    cached = listed.cached_input if listed.cached_input is not None else listed.input
    millionths = (
        (usage.prompt_tokens - usage.cached_tokens) * listed.input
        + usage.cached_tokens * cached
        + usage.completion_tokens * listed.output
    )
    if usage.cache_write_tokens and listed.cache_write is not None:
        millionths += usage.cache_write_tokens * (listed.cache_write - listed.input)
    return millionths / TOKENS_PER_PRICE


def _tuned_price(model: str, base: str, usage: Usage) -> float | None:
    if (usd := _look_up(model, usage)) is not None:
        return usd
    if (usd := _public_price(base, usage)) is None:
        return None
    family = next((name for name in TUNED_FACTORS if base.startswith(name)), "")
    return usd * TUNED_FACTORS.get(family, OTHER_TUNED_FACTOR)


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
    written = _look_up(model, Usage(prompt_tokens=many, cache_write_tokens=many)) or fresh
    output = _look_up(model, Usage(completion_tokens=many)) or 0.0
    per_price = TOKENS_PER_PRICE / many
    return ModelPrice(
        input=fresh * per_price,
        cached_input=cached * per_price,
        cache_write=written * per_price if written != fresh else None,
        output=output * per_price,
    )


def _look_up(model: str, usage: Usage) -> float | None:
    import genai_prices

    counted = genai_prices.Usage(
        input_tokens=usage.prompt_tokens,
        cache_read_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.completion_tokens,
    )
    try:
        return float(genai_prices.calc_price(counted, model, provider_id="openai").total_price)
    except LookupError:
        return None
