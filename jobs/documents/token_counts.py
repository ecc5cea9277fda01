"""Counts the tokens of many texts on all cores."""

from collections.abc import Iterable

from engine.wire.tokens import count_tokens
from jobs.documents.workers.work_pool import WorkPool, map_in_order, worker_count_for

BYTES_PER_S = 10_000_000  # of one process, roughly


async def count_all_tokens(texts: Iterable[str], *, size_bytes: int) -> list[int]:
    """The tokens of each text, which are drawn lazily and together of about this size.

    Raises:
        EngineError: what drawing a text raised.
    """
    counts: list[int] = []
    async with WorkPool(
        count_text, worker_count=worker_count_for(size_bytes, bytes_per_s=BYTES_PER_S)
    ) as pool:
        bodies = (b"." + text.encode() for text in texts)  # a body is not empty
        await map_in_order(pool, bodies, lambda answer: counts.append(int(answer)))
    return counts


def count_text(body: bytes) -> bytes:
    """The tokens of what follows the first byte, in decimal digits: what a worker does."""
    return str(count_tokens(body[1:].decode())).encode()
