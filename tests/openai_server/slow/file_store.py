"""The files of the account: what they are called, and their bytes in a temporary folder."""

import itertools
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.openai_server.errors import ApiError
from tests.openai_server.slow.config import FileRules

_OTHERS_BYTES = 1_234


@dataclass(slots=True)
class StoredFile:
    """One file. Without a path it is another person's: listed, and nothing else."""

    id: str
    filename: str
    purpose: str
    size_bytes: int
    created_at: int
    path: Path | None = None
    expires_at: float | None = None
    hidden_until_s: float = 0.0
    hidden_calls: int = 0

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and time.time() >= self.expires_at

    @property
    def is_listed(self) -> bool:
        """Whether a listing shows it by now."""
        is_hidden = self.hidden_calls > 0 or time.monotonic() < self.hidden_until_s
        return not is_hidden and not self.is_expired

    def public(self) -> dict[str, Any]:
        """The `File` object of the API description."""
        return {
            "object": "file",
            "id": self.id,
            "purpose": self.purpose,
            "filename": self.filename,
            "bytes": self.size_bytes,
            "created_at": self.created_at,
            "expires_at": None if self.expires_at is None else int(self.expires_at),
            "status": "processed",
            "status_details": None,
        }


class FileStore:
    """Every file, in order of creation. Close it to remove the bytes."""

    def __init__(self, rules: FileRules) -> None:
        self.rules = rules
        self._folder = tempfile.TemporaryDirectory(prefix="openai-test-double-")
        self._files: dict[str, StoredFile] = {}
        self._numbers = itertools.count(1)
        self._add_others(rules.others)

    def close(self) -> None:
        """Remove the bytes of all files."""
        self._folder.cleanup()

    def new_path(self) -> Path:
        """Where the bytes of the next file may be written."""
        return Path(self._folder.name) / f"{next(self._numbers):06d}"

    def add(self, path: Path, filename: str, purpose: str, *, is_upload: bool) -> StoredFile:
        """Enter a file that was written to `path`; an upload may be hidden for a while."""
        file = self._enter(filename, purpose, path.stat().st_size)
        file.path = path
        if is_upload:
            file.hidden_until_s = time.monotonic() + self.rules.hidden_s
            file.hidden_calls = self.rules.hidden_calls
        self._add_others(self.rules.others_between if is_upload else 0)
        return file

    def find(self, file_id: object) -> StoredFile:
        """The file called `file_id`; one of ours that can be read.

        Raises:
            ApiError: 404, it does not exist, is gone, is another person's or not found yet.
        """
        file = self._files.get(file_id) if isinstance(file_id, str) else None
        if file is not None and file.path is not None and file.is_listed:
            return file
        if file is not None and file.hidden_calls > 0:
            file.hidden_calls -= 1
        raise ApiError(404, None, f"No such File object: {file_id}", param="id")

    def delete(self, file_id: str) -> None:
        """Forget a file and its bytes. Raises ApiError 404 like `find`."""
        path = self.find(file_id).path
        del self._files[file_id]
        if path is not None:
            path.unlink()

    def rename(self, ids: Mapping[str, str]) -> None:
        """Know files by other ids from now on: old id to new one."""
        for file in self._files.values():
            file.id = ids.get(file.id, file.id)
        self._files = {file.id: file for file in self._files.values()}

    def all(self) -> Iterator[StoredFile]:
        """Every file that is not deleted, oldest first."""
        return iter(self._files.values())

    def _add_others(self, count: int) -> None:
        for _ in range(count):
            self._enter("notes.jsonl", "assistants", _OTHERS_BYTES)

    def _enter(self, filename: str, purpose: str, size_bytes: int) -> StoredFile:
        file_id = f"file-{len(self._files):06d}{secrets.token_hex(8)}"
        file = StoredFile(file_id, filename, purpose, size_bytes, int(time.time()))
        self._files[file_id] = file
        return file
