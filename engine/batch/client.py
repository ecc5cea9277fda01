"""The provider's side of batches: files and batches over the official SDK, errors translated."""

from collections.abc import AsyncGenerator, Collection
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from engine.clock import Clock
from engine.errors import MALFORMED_REPLY, TransientError
from engine.wire.endpoints import Endpoint
from engine.wire.reply_sizes import USUAL_SIZES, ReplySizes
from engine.wire.sdk.client import (
    ListOrder,
    Purpose,
    RemoteFile,
    delete_file,
    download_file,
    entries_of,
    find_file,
    list_uploaded_files,
    moment_of,
    open_client,
    translated,
    upload_file,
)
from engine.wire.sdk.file_states import FileState, read_file_state
from schemas.batches import RemoteState

if TYPE_CHECKING:
    from openai.types import Batch as RemoteBatch

OWNER_KEY, NAME_KEY, HASH_KEY = "distill_owner", "distill_batch", "distill_sha256"
PURPOSE: Purpose = "batch"
WINDOW: Literal["24h"] = "24h"  # the only one that there is (OpenAI Batch guide)
PAGE_SIZE = 100
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)  # before there were batches


class BatchClient:
    """A `Provider` over the official SDK."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout_s: float,
        clock: Clock,
        sizes: ReplySizes = USUAL_SIZES,
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._client = open_client(endpoint, timeout_s=timeout_s, sizes=sizes)

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

    async def file_state(self, file_id: str) -> FileState:
        """Whether a file can be used; for a moment after its upload it may be missing."""
        with translated(self._endpoint, self._clock):
            return await read_file_state(self._client, file_id)

    async def create(self, file_id: str, url: str, metadata: dict[str, str]) -> RemoteState:
        """Submit an uploaded file."""
        with translated(self._endpoint, self._clock):
            batch = await self._client.batches.create(
                input_file_id=file_id,
                endpoint=url,  # type: ignore[arg-type]  # one of schemas.requests.SUPPORTED_URLS
                completion_window=WINDOW,
                metadata=metadata,
            )
            return read_batch_state(batch)

    async def find(
        self, metadata: dict[str, str], file_id: str, newer_than: datetime
    ) -> RemoteState | None:
        """The batch that carries `metadata`, or whose input is file `file_id`; None: there is none.

        Batches of other runs are ignored. Not every host returns metadata, but a file is the input
        of one batch only.
        """
        async with aclosing(self._listed(newer_than)) as batches:
            async for batch in batches:
                is_input = file_id and batch.input_file_id == file_id
                if is_input or _carries(batch, metadata):
                    return read_batch_state(batch)
        return None

    async def retrieve(self, batch_id: str) -> RemoteState:
        """How far a batch is."""
        with translated(self._endpoint, self._clock):
            return read_batch_state(await self._client.batches.retrieve(batch_id))

    async def list_states(
        self, batch_ids: Collection[str], newer_than: datetime
    ) -> dict[str, RemoteState]:
        """How far batches are, by their ids; those that are not among the newest may be missing.

        It takes fewer calls than there are batches, however many others' stand between them.
        """
        states: dict[str, RemoteState] = {}
        listed_count, most = 0, PAGE_SIZE * (len(batch_ids) - 1)
        async with aclosing(self._listed(newer_than)) as batches:
            async for batch in batches:
                listed_count += 1
                if str(batch.id) in batch_ids:
                    states[batch.id] = read_batch_state(batch)
                if len(states) == len(batch_ids) or listed_count >= most:
                    break
        return states

    async def list_own(self, owner_id: str) -> list[RemoteState]:
        """All batches that carry the owner's name; those of hosts that drop metadata are missed."""
        owner = {OWNER_KEY: owner_id}
        async with aclosing(self._listed(BEGINNING)) as batches:
            return [read_batch_state(batch) async for batch in batches if _carries(batch, owner)]

    async def list_files(self, prefix: str) -> list[RemoteFile]:
        """The batch files whose names begin with `prefix`."""
        with translated(self._endpoint, self._clock):
            return await list_uploaded_files(self._client, purpose=PURPOSE, prefix=prefix)

    async def cancel(self, batch_id: str) -> RemoteState:
        """Ask the provider to stop working on a batch; what it has answered is kept."""
        with translated(self._endpoint, self._clock):
            return read_batch_state(await self._client.batches.cancel(batch_id))

    async def download(self, file_id: str, path: Path) -> None:
        """Fetch a file; `path` appears when it is whole."""
        with translated(self._endpoint, self._clock):
            await download_file(self._client, file_id, path)

    async def delete(self, file_id: str) -> None:
        """Delete a file at the provider; one that is gone is fine."""
        with translated(self._endpoint, self._clock):
            await delete_file(self._client, file_id)

    async def _listed(self, newer_than: datetime) -> "AsyncGenerator[RemoteBatch]":
        """The batches that are new enough, in the provider's order, each once.

        Most hosts list the newest first, so that a page of old ones is the last that is looked at.
        Some list the oldest first, and some give the same page for ever.
        """
        oldest, order = newer_than.timestamp(), ListOrder()
        with translated(self._endpoint, self._clock):
            async for batch in entries_of(self._client.batches.list(limit=PAGE_SIZE)):
                created_at = moment_of(batch.created_at, oldest)
                if not order.take(batch.id, created_at, is_old=created_at < oldest):
                    return
                if created_at >= oldest:
                    yield batch


# Words of other hosts (Mistral, Gemini, Azure), of gateways, and spellings of OpenAI's own.
STATUSES = {
    **dict.fromkeys(("success", "succeeded", "done", "ended", "finished"), "completed"),
    **dict.fromkeys(("timeout_exceeded", "timed_out", "timeout"), "expired"),
    **dict.fromkeys(("canceling", "cancellation_requested"), "cancelling"),
    **dict.fromkeys(("canceled", "stopped"), "cancelled"),
    **dict.fromkeys(("error", "errored", "failure"), "failed"),
}
STATUS_PREFIX = "job_state_"  # of Gemini's words


def _status(status: object) -> str:
    """A status in OpenAI's words; some hosts write theirs in capitals or otherwise."""
    word = str(status or "").strip().lower().removeprefix(STATUS_PREFIX)
    return STATUSES.get(word, word)


def _carries(batch: "RemoteBatch", metadata: dict[str, str]) -> bool:
    known = batch.metadata
    return isinstance(known, dict) and metadata.items() <= known.items()


def read_batch_state(batch: "RemoteBatch") -> RemoteState:
    """What a batch object says. Ids that are "" and ids that are null mean the same.

    A field that is missing, or has a type that OpenAI never sends, counts as not given.

    Raises:
        TransientError: it names no batch.
    """
    if not batch.id or not isinstance(batch.id, str):
        raise TransientError("the host answered with a batch without an id", code=MALFORMED_REPLY)
    counts = batch.request_counts
    problem = _first_problem(batch.errors)
    return RemoteState(
        batch_id=batch.id,
        status=_status(batch.status),
        done_count=_count(getattr(counts, "completed", None)),
        error_count=_count(getattr(counts, "failed", None)),
        output_file_id=_text(batch.output_file_id),
        error_file_id=_text(batch.error_file_id),
        problem_code=(_text(problem.get("code")) or "unknown") if problem else "",
        problem=_text(problem.get("message")),
        problem_line=_count(problem.get("line")),
    )


def _first_problem(errors: object) -> dict[str, object]:
    """The first of the errors of a batch; some hosts give a plain list, one of them, or words."""
    if isinstance(errors, str):
        return {"message": errors} if errors else {}
    if isinstance(errors, list):
        return _first_problem(errors[0]) if errors else {}
    fields = errors if isinstance(errors, dict) else getattr(errors, "__dict__", {})
    return _first_problem(fields["data"]) if "data" in fields else dict(fields)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
