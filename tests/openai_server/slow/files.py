"""The Files API."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import BodyPartReader, MultipartReader

from tests.openai_server.errors import ApiError
from tests.openai_server.slow.call import Payload, Route, SlowCall, route
from tests.openai_server.slow.file_store import FileStore
from tests.openai_server.slow.paging import page_of, with_ends

_CHUNK_BYTES = 1 << 18
_MAX_LIMIT = 10_000  # API description, listFiles
_PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
_FIELD_BYTES = 4_096
_SUFFIXES = {"batch": ".jsonl", "fine-tune": ".jsonl"}
_LIFETIME_S = {"batch": 30 * 86_400}  # API description, FileExpirationAfter


class _Upload(NamedTuple):
    filename: str
    size_bytes: int
    fields: dict[str, str]


class Files:
    """Uploads, listings, downloads and deletions. Bytes go through disk, never through memory."""

    def __init__(self, store: FileStore) -> None:
        self._store = store

    def routes(self) -> Sequence[Route]:
        """What it answers."""
        return (
            route("upload_file", "POST", "/v1/files", self._upload),
            route("list_files", "GET", "/v1/files", self._list),
            route("retrieve_file", "GET", "/v1/files/{id}", self._retrieve),
            route("download_file", "GET", "/v1/files/{id}/content", self._download),
            route("delete_file", "DELETE", "/v1/files/{id}", self._delete),
        )

    async def _upload(self, call: SlowCall) -> Payload:
        path = self._store.new_path()
        try:
            upload = await _receive(call, path, self._store.rules.max_bytes)
            purpose = _checked_purpose(upload)
            lifetime_s = _lifetime_s(upload.fields, purpose)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        file = self._store.add(path, upload.filename, purpose, is_upload=True)
        file.expires_at = None if lifetime_s is None else time.time() + lifetime_s
        return file.public()

    async def _list(self, call: SlowCall) -> Payload:
        purpose = call.query.get("purpose")
        rows = [
            file.public()
            for file in self._store.all()
            if file.is_listed and purpose in (None, file.purpose)
        ]
        if call.query.get("order", "desc") == "desc":
            rows.reverse()
        page = page_of(rows, call.query, default_limit=_MAX_LIMIT, max_limit=_MAX_LIMIT)
        return with_ends(page)

    async def _retrieve(self, call: SlowCall) -> Payload:
        return self._store.find(call.id).public()

    async def _download(self, call: SlowCall) -> Payload:
        path = self._store.find(call.id).path
        assert path is not None
        return path

    async def _delete(self, call: SlowCall) -> Payload:
        self._store.delete(call.id)
        return {"id": call.id, "object": "file", "deleted": True}


async def _receive(call: SlowCall, path: Path, max_bytes: int) -> _Upload:
    if not call.request.content_type.startswith("multipart/"):
        raise ApiError(400, None, "Expected multipart/form-data with 'file' and 'purpose'.")
    filename, size_bytes = "", 0
    fields: dict[str, str] = {}
    reader = MultipartReader(call.request.headers, call.request.content)
    while (part := await reader.next()) is not None:
        assert isinstance(part, BodyPartReader)
        if part.name == "file":
            filename = part.filename or "upload"
            size_bytes = await _write(part, path, max_bytes)
        else:
            fields[part.name or ""] = (await part.read())[:_FIELD_BYTES].decode()
    if not filename:
        raise ApiError(400, None, "'file' is a required property", param="file")
    return _Upload(filename, size_bytes, fields)


async def _write(part: BodyPartReader, path: Path, max_bytes: int) -> int:
    size_bytes = 0
    with path.open("wb") as file:
        while chunk := await part.read_chunk(_CHUNK_BYTES):
            size_bytes += len(chunk)
            if size_bytes > max_bytes:
                raise ApiError(413, None, f"File too large: expected at most {max_bytes} bytes.")
            file.write(chunk)
    return size_bytes


def _checked_purpose(upload: _Upload) -> str:
    purpose = upload.fields.get("purpose", "")
    if purpose not in _PURPOSES:
        message = f"Invalid 'purpose': expected one of {', '.join(_PURPOSES)}, got {purpose!r}."
        raise ApiError(400, "invalid_value", message, param="purpose")
    suffix = _SUFFIXES.get(purpose, "")
    if not upload.filename.endswith(suffix):
        raise ApiError(400, None, f"Invalid file format for {purpose}. Must be {suffix}")
    return purpose


def _lifetime_s(fields: dict[str, Any], purpose: str) -> int | None:
    seconds = fields.get("expires_after[seconds]")
    if seconds is None:
        return _LIFETIME_S.get(purpose)
    if not seconds.isdecimal() or not 3_600 <= int(seconds) <= 2_592_000:
        message = f"Invalid 'expires_after': expected 3600 to 2592000 seconds, got {seconds!r}."
        raise ApiError(400, "invalid_value", message, param="expires_after")
    return int(seconds)
