"""The provider's side of batches: files and batches over the official SDK, errors translated."""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine.clock import Clock
from engine.wire.endpoints import Endpoint
from engine.wire.sdk import (
    Purpose,
    delete_file,
    download_file,
    find_file,
    has_file,
    open_client,
    translated,
    upload_file,
)
from schemas.batches import BatchFacts

if TYPE_CHECKING:
    from openai.types import Batch as RemoteBatch

OWNER_KEY, NAME_KEY, HASH_KEY = "distill_owner", "distill_batch", "distill_sha256"
PURPOSE: Purpose = "batch"
WINDOW: Literal["24h"] = "24h"  # the only one that there is (OpenAI Batch guide)
PAGE_SIZE = 100


class BatchClient:
    """A `Provider` over the official SDK."""

    def __init__(self, endpoint: Endpoint, *, timeout_s: float, clock: Clock) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._client = open_client(endpoint, timeout_s=timeout_s)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def upload(self, path: Path, name: str) -> str:
        """Upload a batch file under `name`; returns the provider's id for it."""
        with translated(self._endpoint, self._clock):
            return await upload_file(self._client, path, purpose=PURPOSE, name=name)

    async def find_file(self, name: str, newer_than: datetime) -> str | None:
        """The id of the batch file called `name`, None if there is none."""
        with translated(self._endpoint, self._clock):
            return await find_file(self._client, purpose=PURPOSE, name=name, newer_than=newer_than)

    async def has_file(self, file_id: str) -> bool:
        """Whether the provider knows a file, which it may not do for a moment after its upload."""
        with translated(self._endpoint, self._clock):
            return await has_file(self._client, file_id)

    async def create(self, file_id: str, url: str, metadata: dict[str, str]) -> BatchFacts:
        """Submit an uploaded file."""
        with translated(self._endpoint, self._clock):
            batch = await self._client.batches.create(
                input_file_id=file_id,
                endpoint=url,  # type: ignore[arg-type]  # one of schemas.requests.SUPPORTED_URLS
                completion_window=WINDOW,
                metadata=metadata,
            )
            return read_facts(batch)

    async def find(self, metadata: dict[str, str], newer_than: datetime) -> BatchFacts | None:
        """The batch that carries `metadata`, None if there is none; others' are passed by."""
        async with aclosing(self._newest_first(newer_than)) as batches:
            async for batch in batches:
                if metadata.items() <= (batch.metadata or {}).items():
                    return read_facts(batch)
        return None

    async def retrieve(self, batch_id: str) -> BatchFacts:
        """How far a batch is."""
        with translated(self._endpoint, self._clock):
            return read_facts(await self._client.batches.retrieve(batch_id))

    async def list_states(
        self, batch_ids: Collection[str], newer_than: datetime
    ) -> dict[str, BatchFacts]:
        """How far batches are, by their ids; those that are not among the newest may be missing.

        It takes fewer calls than there are batches, however many others' stand between them.
        """
        states: dict[str, BatchFacts] = {}
        listed_count, most = 0, PAGE_SIZE * (len(batch_ids) - 1)
        async with aclosing(self._newest_first(newer_than)) as batches:
            async for batch in batches:
                listed_count += 1
                if batch.id in batch_ids:
                    states[batch.id] = read_facts(batch)
                if len(states) == len(batch_ids) or listed_count >= most:
                    break
        return states

    async def cancel(self, batch_id: str) -> BatchFacts:
        """Ask the provider to stop working on a batch; what it has answered is kept."""
        with translated(self._endpoint, self._clock):
            return read_facts(await self._client.batches.cancel(batch_id))

    async def download(self, file_id: str, path: Path) -> None:
        """Fetch a file; `path` appears when it is whole."""
        with translated(self._endpoint, self._clock):
            await download_file(self._client, file_id, path)

    async def delete(self, file_id: str) -> None:
        """Delete a file at the provider; one that is gone is fine."""
        with translated(self._endpoint, self._clock):
            await delete_file(self._client, file_id)

    async def _newest_first(self, newer_than: datetime) -> "AsyncGenerator[RemoteBatch]":
        oldest = newer_than.timestamp()
        with translated(self._endpoint, self._clock):
            async for batch in self._client.batches.list(limit=PAGE_SIZE):
                if batch.created_at < oldest:
                    return
                yield batch


def read_facts(batch: "RemoteBatch") -> BatchFacts:
    """What a batch object says. Ids that are "" and ids that are null mean the same."""
    counts = batch.request_counts
    errors = batch.errors.data if batch.errors and batch.errors.data else []
    problem = errors[0] if errors else None
    return BatchFacts(
        batch_id=batch.id,
        status=batch.status,
        done_count=counts.completed if counts else None,
        error_count=counts.failed if counts else None,
        output_file_id=batch.output_file_id or None,
        error_file_id=batch.error_file_id or None,
        problem_code=(problem.code or "unknown") if problem else None,
        problem=problem.message if problem else None,
        problem_line=problem.line if problem else None,
    )
