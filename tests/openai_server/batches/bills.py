"""What requests in batches were billed, and how often each."""

import hashlib
from array import array
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tests.openai_server.paid.api import Answer


class BatchLine(NamedTuple):
    """One answered request of a batch."""

    batch_id: str
    custom_id: str
    body_hash: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cache_write_tokens: int


class BatchBills:
    """Sums over all of them; each single one only where it is kept (`BatchRules.keeps_bills`)."""

    def __init__(self) -> None:
        self._lines: list[BatchLine] = []
        self._custom_ids = array("Q")  # 64-bit hashes: 8 MB for a million
        self._prompt_tokens = self._completion_tokens = 0
        self._cached_tokens = self._cache_write_tokens = 0

    def enter(self, line: BatchLine, *, is_kept: bool) -> None:
        """Bill one request."""
        digest = hashlib.blake2b(line.custom_id.encode(), digest_size=8).digest()
        self._custom_ids.append(int.from_bytes(digest))
        self._prompt_tokens += line.prompt_tokens
        self._completion_tokens += line.completion_tokens
        self._cached_tokens += line.cached_tokens
        self._cache_write_tokens += line.cache_write_tokens
        if is_kept:
            self._lines.append(line)

    def lines(self) -> Iterator[BatchLine]:
        """Those that are kept, in order of billing."""
        return iter(self._lines)

    def by_custom_id(self) -> dict[str, dict[str, Any]]:
        """Of those that are kept: `billed`, `batches`, and what the last one cost."""
        bills: dict[str, dict[str, Any]] = {}
        for line in self._lines:
            bill = bills.setdefault(line.custom_id, {"billed": 0, "batches": []})
            bill["billed"] += 1
            bill["batches"].append(line.batch_id)
            bill |= line._asdict()
        return bills

    def totals(self) -> dict[str, int]:
        """Sums over all requests that were ever billed in a batch."""
        ids = np.frombuffer(self._custom_ids, dtype=np.uint64)
        counts = np.unique(ids, return_counts=True)[1]
        return {
            "batch_billed": len(ids),
            "batch_prompt_tokens": self._prompt_tokens,
            "batch_completion_tokens": self._completion_tokens,
            "batch_cached_tokens": self._cached_tokens,
            "batch_cache_write_tokens": self._cache_write_tokens,
            "custom_ids_billed": len(counts),
            "custom_ids_billed_twice": int((counts > 1).sum()),
        }


def line_of(batch_id: str, custom_id: str, body_hash: str, model: str, answer: Answer) -> BatchLine:
    """The bill of one answer."""
    return BatchLine(batch_id, custom_id, body_hash, model, *answer[1:])
