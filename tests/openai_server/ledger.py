"""What was served and billed, call by call."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.openai_server.batches.bills import BatchBills


@dataclass(slots=True)
class Call:
    """One paid request and what became of it. `status` 0: no reply was begun."""

    number: int
    at_s: float
    key: str
    url: str
    body_hash: str
    body: bytes | None
    model: str = ""
    status: int = 0
    code: str | None = None
    fault: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    service_tier: str = ""
    is_billed: bool = False
    is_lost: bool = False  # billed, but the reply was not delivered


@dataclass(slots=True)
class Bill:
    """What one body cost over all calls with it."""

    calls: int = 0
    billed: int = 0
    lost: int = 0
    tokens: int = 0


class Ledger:
    """Every live call in order of arrival, and the bills of batches.

    `body_hash` is how a client's repeats are recognised.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.batches = BatchBills()
        self.in_flight = 0
        self.max_in_flight = 0

    def open(self, *, at_s: float, key: str, url: str, body: bytes, kept_bodies: int) -> Call:
        """Enter a call; bodies beyond the first `kept_bodies` are kept as hashes only."""
        number = len(self.calls) + 1
        kept = body if number <= kept_bodies else None
        call = Call(number, at_s, mask(key), url, hash_body(body), kept)
        self.calls.append(call)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        return call

    def close(self) -> None:
        """One call less in flight."""
        self.in_flight -= 1

    def bills(self) -> dict[str, Bill]:
        """What each body cost, by its hash, live and in batches."""
        bills: dict[str, Bill] = {}
        for call in self.calls:
            bill = bills.setdefault(call.body_hash, Bill())
            bill.calls += 1
            if call.is_billed:
                bill.billed += 1
                bill.lost += call.is_lost
                bill.tokens += call.prompt_tokens + call.completion_tokens
        for line in self.batches.lines():
            bill = bills.setdefault(line.body_hash, Bill())
            bill.billed += 1
            bill.tokens += line.prompt_tokens + line.completion_tokens
        return bills

    def totals(self) -> dict[str, object]:
        """Counts over all calls; bills and tokens also of batches, whose part is in `batch_*`.

        `billed_twice` counts bodies billed more than once; `delivered_twice` those among them
        that are not explained by replies lost on the wire: it must be 0 for a careful client.
        """
        bills = self.bills().values()
        billed = [call for call in self.calls if call.is_billed]
        batches = self.batches.totals()
        return {
            "calls": len(self.calls),
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "refused": sum(call.status == 429 for call in self.calls),
            "bodies": len(bills),
            "billed_calls": len(billed) + batches["batch_billed"],
            "billed_bodies": sum(bill.billed > 0 for bill in bills),
            "billed_twice": sum(bill.billed > 1 for bill in bills),
            "delivered_twice": sum(bill.billed - bill.lost > 1 for bill in bills),
            "lost_calls": sum(call.is_lost for call in billed),
            "prompt_tokens": sum(call.prompt_tokens for call in billed)
            + batches["batch_prompt_tokens"],
            "completion_tokens": sum(call.completion_tokens for call in billed)
            + batches["batch_completion_tokens"],
            "cached_tokens": sum(call.cached_tokens for call in billed)
            + batches["batch_cached_tokens"],
            "cache_write_tokens": sum(call.cache_write_tokens for call in billed)
            + batches["batch_cache_write_tokens"],
            "tiers": dict(_count(call.service_tier for call in billed)),
            **batches,
            "first_at_s": self.calls[0].at_s if self.calls else None,
            "last_at_s": self.calls[-1].at_s if self.calls else None,
            "statuses": dict(_count(str(call.status) for call in self.calls)),
            "codes": dict(_count(call.code for call in self.calls if call.code)),
            "faults": dict(_count(call.fault for call in self.calls if call.fault)),
        }


def hash_body(body: bytes) -> str:
    """32 hexadecimal digits of a request's bytes, the key of `Ledger.bills`."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def mask(key: str) -> str:
    """The key of an Authorization header as it may be shown: not enough to use it."""
    key = key.rpartition(" ")[2]
    return f"...{key[-4:]}" if len(key) >= 12 else "..."


def _count(values: Iterator[str]) -> list[tuple[str, int]]:
    return sorted(Counter(values).items())
