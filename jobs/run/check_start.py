"""What is checked before a run reads its documents: folders, key, address and model."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from engine.clock import Clock
from engine.errors import ConfigError
from engine.live.check_model import check_model
from engine.run_folder import RunFolder
from engine.wire.endpoints import Endpoint
from jobs.documents.read_documents import DOCUMENTS


def check_folders(folder: RunFolder, documents_dir: Path | None) -> None:
    """Refuse folders that cannot be read or written; creates nothing.

    Raises:
        ConfigError: there are no documents, or the run would lie where something else does.
    """
    run_dir = folder.run_dir
    if documents_dir is None:
        raise ConfigError("documents_dir is not set: name the folder to read with --documents")
    if not documents_dir.is_dir():
        what = "is a file, not a folder" if documents_dir.exists() else "there is no such folder"
        raise ConfigError(f"{documents_dir}: {what}; name the folder to read with --documents")
    if documents_dir.resolve() == run_dir.resolve():
        raise ConfigError(
            f"{documents_dir} holds the documents: name another folder for the run, which may "
            "lie in it"
        )
    others = [*run_dir.glob("*.jsonl"), *run_dir.glob("dataset/*.jsonl")]
    if others and not folder.is_begun:
        raise ConfigError(
            f"{run_dir} is no run, but holds {others[0]}, which a run might replace: name a new "
            "folder"
        )
    if not folder.is_begun and not _holds_files(documents_dir):
        raise ConfigError(f"{documents_dir}: is empty; put the documents there, or name another")


async def check_hosts(
    folder: RunFolder, endpoints: Sequence[Endpoint], model: str, clock: Clock
) -> None:
    """Ask each host for the model, unless the run has read its documents: then it needs none yet.

    Raises:
        OutageError, AuthError, ModelGoneError: as `check_model` says.
    """
    if not folder.finished_path(DOCUMENTS.name).exists():
        await asyncio.gather(*(check_model(endpoint, model, clock) for endpoint in endpoints))


def has_asked(folder: RunFolder) -> bool:
    """Whether a run has sent anything: before that no change makes anything be asked anew."""
    return any(
        path.exists() and path.stat().st_size
        for path in (folder.journal_path, folder.sends_path, folder.batches_path)
    )


def _holds_files(documents_dir: Path) -> bool:
    inside = documents_dir.rglob("*")
    return any(
        path.is_file()
        for path in inside
        if not any(part.startswith(".") for part in path.relative_to(documents_dir).parts)
    )
