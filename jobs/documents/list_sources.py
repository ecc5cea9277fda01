"""Keeps the list of a run's files, and finds documents of the run whose files are gone."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from engine.files.records import RecordLog, encode_record, read_ids, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stage import FinishedItem
from engine.stopping import Stopping
from jobs.documents.list_files import STAGE, SourceFile, list_files
from jobs.documents.unread_files import forget_stale
from schemas.dataset import Rejection
from schemas.documents import Document


class MissingDocument(NamedTuple):
    """A document of the run whose file is gone, or holds something else now."""

    document_id: str
    path: str
    is_changed: bool


class NewDocument(NamedTuple):
    """A file of the folder that the run has not read yet."""

    document_id: str
    path: str


async def list_sources(
    folder: RunFolder, documents_dir: Path, stopping: Stopping, *, text_column: str = ""
) -> None:
    """Replace sources.jsonl by what the folder holds now; what cannot be read is a rejection.

    All files are hashed, which may take long: in a thread, so that a stop is noticed.

    Raises:
        ConfigError: there is no such folder, or it cannot be listed.
        InterruptedRunError: a stop was requested; sources.jsonl is as it was.
    """
    rejections: list[Rejection] = []

    def sources() -> Iterator[bytes]:
        for found in list_files(documents_dir, passed_over=folder.run_dir, text_column=text_column):
            stopping.raise_if_requested()
            if isinstance(found, Rejection):
                rejections.append(found)
            else:
                yield encode_record(found)

    await asyncio.to_thread(replace_file, folder.sources_path, sources())
    forget_stale(
        folder,
        listed={rejection.rejection_id for rejection in rejections},
        present=set(read_ids(folder.sources_path, SourceFile)),
    )
    async with RecordLog(folder.rejected_path, Rejection) as rejected:
        await rejected.append(rejections)


def find_missing_documents(folder: RunFolder) -> list[MissingDocument]:
    """The documents of the run that are not in sources.jsonl any more."""
    present = set(read_ids(folder.sources_path, SourceFile))
    documents_path = folder.results_path(STAGE)
    missing = [
        (document.document_id, document.path)
        for document in read_records(documents_path, Document, is_wanted=lambda i: i not in present)
    ]
    if not missing:
        return []
    paths = {source.path for source in read_records(folder.sources_path, SourceFile)}
    return [MissingDocument(id_, path, path in paths) for id_, path in missing]


def find_new_documents(folder: RunFolder) -> list[NewDocument]:
    """The files of sources.jsonl that no pass has read, once the run has asked for anything.

    Before that they are part of its beginning. A file that was changed is no new one.
    """
    journal_path = folder.journal_path
    if not journal_path.exists() or not journal_path.stat().st_size:
        return []
    known = set(read_ids(folder.finished_path(STAGE), FinishedItem))
    sources = read_records(folder.sources_path, SourceFile, is_wanted=lambda i: i not in known)
    changed = {missing.path for missing in find_missing_documents(folder) if missing.is_changed}
    return [NewDocument(s.document_id, s.path) for s in sources if s.path not in changed]
