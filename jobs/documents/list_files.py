"""Lists what a folder holds: the files to read, and a reason for each that is not read."""

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from engine.errors import ConfigError
from jobs.documents.readers.registry import FORMATS, ROW_FORMATS, format_of
from schemas.dataset import Rejection
from schemas.record import ID_BYTES, Record, content_id

STAGE = "documents"
_BLOCK_BYTES = 1024 * 1024


class SourceFile(Record):
    """A file to read. `path` is relative, with `/`, and printable (see printable_paths)."""

    document_id: str
    path: str
    size_bytes: int


class Digest(NamedTuple):
    """What tells the content of a file from that of others."""

    hexadecimal: str
    size_bytes: int


def list_files(
    folder: Path, *, passed_over: Path | None = None, text_column: str = ""
) -> Iterator[SourceFile | Rejection]:
    """One record a file, lazily, sorted by path; names that begin with a dot are skipped.

    So is the folder `passed_over`: a run folder that lies among its documents. `text_column` is
    what is read of tables: another column makes other documents of them.
    A file is opened only to hash it. A link to a file inside the folder is that file; a link to
    a folder is not followed, nor is one that leads outside: only what lies in `folder` is read.

    Raises:
        ConfigError: `folder` is no folder, or cannot be listed.
    """
    try:
        root = folder.resolve(strict=True)
        pending = _entries(root)
    except OSError as error:
        raise ConfigError(
            f"documents folder {folder}: {error.strerror}; give a folder that can be read"
        ) from error
    run_dir = passed_over.resolve() if passed_over else None
    first_paths: dict[str, str] = {}
    while pending:
        path = pending.pop()
        if path == run_dir:
            continue
        name = relative_name(path, root)
        try:
            if path.is_dir() and not path.is_symlink():
                pending.extend(_entries(path))
                continue
            found = _describe(path, name, root, text_column)
        except OSError as error:
            found = _reject(
                name, "unreadable", f"cannot be read ({error.strerror}); make it readable"
            )
        yield _unless_identical(found, name, first_paths)


def _unless_identical(
    found: SourceFile | Rejection, name: str, first_paths: dict[str, str]
) -> SourceFile | Rejection:
    """What was found, or a reason if one of `first_paths` (by document) has the same bytes."""
    if not isinstance(found, SourceFile):
        return found
    first = first_paths.setdefault(found.document_id, name)
    if first == name:
        return found
    return _reject(name, "identical", f"has the same bytes as {first}")


def digest_of(file: BinaryIO) -> Digest:
    """The digest of a file from where it is to its end."""
    digest = hashlib.blake2b(digest_size=ID_BYTES)
    size_bytes = 0
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
        size_bytes += len(block)
    return Digest(digest.hexdigest(), size_bytes)


def id_of(digest: str, path: str, text_column: str) -> str:
    """The id of the document at `path` whose file has this digest."""
    is_table = format_of(path) in ROW_FORMATS
    return content_id("column", digest, text_column) if is_table and text_column else digest


def _entries(folder: Path) -> list[Path]:
    """What is in `folder`, last path first, so that a stack gives paths in order."""

    def sort_key(entry: os.DirEntry[str]) -> bytes:
        is_folder = entry.is_dir(follow_symlinks=False)
        return os.fsencode(entry.name + "/" * is_folder)

    with os.scandir(folder) as entries:
        visible = [entry for entry in entries if not entry.name.startswith(".")]
    return [folder / entry.name for entry in sorted(visible, key=sort_key, reverse=True)]


def _describe(path: Path, name: str, root: Path, text_column: str) -> SourceFile | Rejection:
    if path.is_dir():
        return _reject(name, "linked_folder", "links to a folder; links are not followed")
    if format_of(name) is None:
        known = " ".join(sorted(FORMATS))
        return _reject(name, "unknown_type", f"unknown type; known: {known}, each also with .gz")
    if not _target(path).is_relative_to(root):
        return _reject(name, "outside_folder", "links to outside the folder; copy it into it")
    if not stat.S_ISREG(path.stat().st_mode):
        return _reject(name, "unreadable", "is not a regular file; remove it")
    return _hash_file(path, name, text_column)


def _target(path: Path) -> Path:
    return Path(os.path.realpath(path, strict=True))  # Path.resolve: no OSError on a loop


def _hash_file(path: Path, name: str, text_column: str) -> SourceFile | Rejection:
    with path.open("rb") as file:
        digest, size_bytes = digest_of(file)
    if not size_bytes:
        return _reject(name, "empty_file", "is empty (0 bytes)")
    document_id = id_of(digest, name, text_column)
    return SourceFile(document_id=document_id, path=name, size_bytes=size_bytes)


def _reject(name: str, reason: str, why: str) -> Rejection:
    path_id, detail = content_id("path", name), f"{name}: {why}"
    return Rejection.of(path_id, stage=STAGE, reason=reason, detail=detail).of_document(name)


_ESCAPED = re.compile(rb"\\(\\|x[0-9a-f]{2})")
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, invisible formats, undecodable, line ends
_JOINER = "\u200d"  # within emoji; harmless


def printable(path: str) -> str:
    r"""`path` with what cannot be shown on a line as `\xNN` a byte, and `\` itself as `\\`."""
    return "".join(_escape(char) for char in path)


def original(shown: str) -> str:
    """The path of which `shown` is the printable form."""
    return os.fsdecode(_ESCAPED.sub(_unescape, shown.encode()))


def relative_name(path: Path, folder: Path) -> str:
    """The printable form of `path` relative to `folder`."""
    return printable(path.relative_to(folder).as_posix())


def _escape(char: str) -> str:
    if char == "\\":
        return r"\\"
    if unicodedata.category(char) in _UNPRINTABLE and char != _JOINER:
        return "".join(f"\\x{byte:02x}" for byte in os.fsencode(char))
    return char


def _unescape(match: re.Match[bytes]) -> bytes:
    escaped = match[1]
    return escaped if escaped == b"\\" else bytes([int(escaped[1:], 16)])
