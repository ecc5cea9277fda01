"""What the batch lane wants of a provider; `BatchClient` is the one over the network."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Protocol

from schemas.batches import BatchFacts


class Provider(Protocol):
    """One call each, never repeated: who calls decides whether a second one is safe.

    Every method raises TransientError, RequestError or FatalError as engine.wire.replies tells.
    """

    async def upload(self, path: Path, name: str) -> str:
        """Upload a batch file under `name`; returns the provider's id for it."""
        ...

    async def find_file(self, name: str, newer_than: datetime) -> str | None:
        """The id of the batch file called `name`, None if there is none."""
        ...

    async def has_file(self, file_id: str) -> bool:
        """Whether it knows a file, which it may not do for a moment after its upload."""
        ...

    async def create(self, file_id: str, url: str, metadata: dict[str, str]) -> BatchFacts:
        """Submit an uploaded file."""
        ...

    async def find(self, metadata: dict[str, str], newer_than: datetime) -> BatchFacts | None:
        """The batch that carries `metadata`, None if there is none; others' are passed by."""
        ...

    async def retrieve(self, batch_id: str) -> BatchFacts:
        """How far a batch is."""
        ...

    async def list_states(
        self, batch_ids: Collection[str], newer_than: datetime
    ) -> dict[str, BatchFacts]:
        """How far batches are, by their ids; those that are not among the newest may be missing."""
        ...

    async def cancel(self, batch_id: str) -> BatchFacts:
        """Ask it to stop working on a batch; what it has answered is kept."""
        ...

    async def download(self, file_id: str, path: Path) -> None:
        """Fetch a file; `path` appears when it is whole."""
        ...

    async def delete(self, file_id: str) -> None:
        """Delete a file; one that is gone is fine."""
        ...
