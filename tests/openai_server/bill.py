"""What the provider's bill comes to, from the stand-in's own ledger and prices of its own."""

from collections.abc import Mapping
from typing import Any

from tests.openai_server.client import RunningServer

# Dollars per million tokens: input, read from the cache, written to it, output (price list of
# 2026-11-23). Written down here a second time, so that a wrong price in the product shows.
_PRICES = {
    "gpt-6.1-sol": (2.0, 0.1, 2.5, 10.0),
    "gpt-6.1-terra": (1.0, 0.05, 1.25, 5.0),
    "gpt-6-luna": (0.1, 0.01, 0.125, 0.5),
    "gpt-4.1-mini": (0.4, 0.1, 0.4, 1.6),
    "text-embedding-3-small": (0.02, 0.02, 0.02, 0.0),
}
_SHARES = {"default": 1.0, "flex": 0.5, "priority": 2.0, "batch": 0.5}


def bill_usd(server: RunningServer) -> float:
    """All that was billed, live by whatever tier and in batches (whose bills must be kept)."""
    server.control.settled_totals()
    live = [call for call in server.control.requests() if call["is_billed"]]
    usd = sum(_price_usd(call, call["service_tier"]) for call in live)
    batched = server.control.batch_bills().values()
    return usd + sum(int(bill["billed"]) * _price_usd(bill, "batch") for bill in batched)


def _price_usd(billed: Mapping[str, Any], tier: str) -> float:
    fresh, read, written, output = _PRICES[billed["model"]]
    read_tokens, written_tokens = billed["cached_tokens"], billed["cache_write_tokens"]
    usd: float = (
        (billed["prompt_tokens"] - read_tokens - written_tokens) * fresh
        + read_tokens * read
        + written_tokens * written
        + billed["completion_tokens"] * output
    ) / 1e6
    return usd * _SHARES[tier]
