"""Files of batches that the ledger does not tell of, for it was cut: their requests may be out."""

import asyncio
import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path

import orjson

from engine.batch.collecting.result_files import request_of_line
from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger
from engine.batch.packing.outbox import OutIndex
from engine.wire.prices import Price, worst_case_usd, worst_usage
from schemas.batches import BatchIntent
from schemas.requests import Request

_log = logging.getLogger(__name__)


class UnnotedFiles:
    """The names of such files, by the requests that they hold, and what notes them anew."""

    def __init__(
        self,
        folder: BatchFolder,
        ledger: BatchLedger,
        names: Iterable[str],
        *,
        price: Price,
        price_share: float,
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._price = price
        self._price_share = price_share
        self._held = {name: OutIndex(folder, [name]) for name in names}
        self._turn = asyncio.Lock()  # many ask at once, and one file holds many of their requests

    def next_number(self) -> int:
        """The number of a batch that has neither an event nor such a file."""
        return max([int(self._ledger.next_name()), *(int(name) + 1 for name in self._held)])

    async def restore_all(self) -> None:
        """Note all of them, where the purpose of a request is its model (`distill send`)."""
        for name in list(self._held):
            await self._restore(name, None)

    async def restore_holding(self, request: Request) -> bool:
        """Note the one that holds a request; returns whether one does."""
        if not self._held:
            return False
        async with self._turn:
            for name, held in self._held.items():
                if request.request_id in held:
                    await self._restore(name, request.purpose)
                    return True
        return False

    async def _restore(self, name: str, purpose: str | None) -> None:
        """Note what its file tells; the batch is looked for when others are submitted."""
        path = self._folder.input_path(name)
        intent = await asyncio.to_thread(read_intent, path, purpose, self._price, self._price_share)
        await self._ledger.note_intent(name, intent)
        del self._held[name]
        _log.warning(
            "%s lacks batch %s, whose file is there: it is looked for at the provider, and its %s "
            "requests are asked again if it was never made",
            *(self._folder.ledger_path, name, f"{intent.request_count:,}"),
        )


def read_intent(path: Path, purpose: str | None, price: Price, price_share: float) -> BatchIntent:
    """What was packed into a file, as it tells itself; a price that is not known is left open.

    A purpose that is not given is the model.
    """
    digest, count, tokens = hashlib.sha256(), 0, 0
    dollars: float | None = 0.0
    with path.open("rb") as file:
        for line in file:
            digest.update(line)
            request = request_of_line(orjson.loads(line))
            usd = worst_case_usd(price, request)
            dollars = None if usd is None or dollars is None else dollars + usd * price_share
            tokens += worst_usage(request).prompt_tokens
            count += 1
    return BatchIntent(
        url=request.url,
        model=request.model,
        purpose=purpose or request.model,
        request_count=count,
        prompt_tokens=tokens,
        worst_case_usd=dollars,
        size_bytes=path.stat().st_size,
        sha256=digest.hexdigest(),
        is_restored=True,
    )
