"""The interface of a provider of batches; `BatchClient` implements it over the network."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Protocol

from engine.wire.sdk.file_states import FileState
from schemas.batches import RemoteState


class Provider(Protocol):
    """One call each, never repeated: who calls decides whether a second one is safe.

    Every method raises TransientError, RequestError or FatalError, as
    engine.wire.replies.responses tells.
    """

    async def upload(self, path: Path, name: str) -> str:
        """Upload a batch file under `name`; returns the provider's id for it."""
        ...

    async def find_file(self, name: str, newer_than: datetime) -> str | None:
        """The id of the batch file called `name`, None if there is none."""
        ...

    async def file_state(self, file_id: str) -> FileState:
        """Whether a file can be used; for a moment after its upload it may be missing."""
        ...

    async def create(self, file_id: str, url: str, metadata: dict[str, str]) -> RemoteState:
        """Submit an uploaded file."""
        ...

    async def find(
        self, metadata: dict[str, str], file_id: str, newer_than: datetime
    ) -> RemoteState | None:
        """The batch that carries `metadata`, or whose input is file `file_id`; None: there is none.

        Those of others are ignored. Not every host gives metadata back, but a file is one batch's.
        """
        ...

    async def retrieve(self, batch_id: str) -> RemoteState:
        """How far a batch is."""
        ...

    async def list_states(
        self, batch_ids: Collection[str], newer_than: datetime
    ) -> dict[str, RemoteState]:
        """How far batches are, by their ids; those that are not among the newest may be missing."""
        ...

    async def cancel(self, batch_id: str) -> RemoteState:
        """Ask it to stop working on a batch; what it has answered is kept."""
        ...

    async def download(self, file_id: str, path: Path) -> None:
        """Fetch a file; `path` appears when it is whole."""
        ...

    async def delete(self, file_id: str) -> None:
        """Delete a file; one that is gone is fine."""
        ...
