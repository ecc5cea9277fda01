"""The process that reads files: one after the other, each within its limits, for one parent.

Started as `python -m jobs.documents.reader_worker SOCKET_FD FOLDER SETTINGS_JSON`. On the socket,
a frame is the length of its body (8 bytes, big-endian) and the body. After an empty frame that
says that the worker is ready, each SourceFile (JSON) that comes in is answered by one Document or
Rejection (JSON). It ends when the socket is closed or its parent dies.
"""

import ctypes
import math
import os
import resource
import signal
import socket
import sys
from functools import partial
from io import BufferedRWPair
from pathlib import Path
from types import TracebackType

from jobs.documents.list_files import STAGE, SourceFile, original
from jobs.documents.load_documents import load_document
from jobs.documents.readers.limits import UnreadableFileError
from schemas.dataset import Rejection
from schemas.settings import DocumentSettings

LENGTH_BYTES = 8
OUT_OF_MEMORY = "out_of_memory"
CRASHED = "reader_crashed"
SPOILING_REASONS = frozenset({OUT_OF_MEMORY, CRASHED})  # after these a worker is not used again
_PR_SET_PDEATHSIG = 1  # prctl(2)
_ORPHAN_GRACE_S = 10
_MIB = 1024 * 1024


def main() -> None:
    """Serve the parent until it is gone."""
    descriptor, folder, settings_json = sys.argv[1:]
    settings = DocumentSettings.model_validate_json(settings_json)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent decides
    _die_with_parent()
    pipe = socket.socket(fileno=int(descriptor)).makefile("rwb")  # open until the last words
    _limit_process()
    _silence()
    _send(pipe, b"")
    while body := _receive(pipe):
        source = SourceFile.model_validate_json(body)
        sys.excepthook = partial(_last_words, pipe, source)
        _send(pipe, _answer(source, Path(folder), settings))


def _answer(source: SourceFile, folder: Path, settings: DocumentSettings) -> bytes:
    _limit_memory(settings.max_memory_mb_per_file * _MIB)
    signal.alarm(
        math.ceil(settings.max_seconds_per_file) + _ORPHAN_GRACE_S
    )  # if the parent does not kill this process
    try:
        document = load_document(folder / original(source.path), source, settings)
        return document.model_dump_json().encode()
    except UnreadableFileError as error:
        return reject(source, error.reason, str(error)).model_dump_json().encode()
    except MemoryError:
        _limit_memory(resource.RLIM_INFINITY)
        return _reject_for_memory(source, settings).model_dump_json().encode()
    finally:
        signal.alarm(0)


def reject(source: SourceFile, reason: str, why: str) -> Rejection:
    """The rejection of a listed file: `why` goes on after the file's name."""
    line = " ".join(f"{source.path}: {why}".split())
    return Rejection.of(source.document_id, stage=STAGE, reason=reason, detail=line)


def _reject_for_memory(source: SourceFile, settings: DocumentSettings) -> Rejection:
    allowed = settings.max_memory_mb_per_file
    why = f"needs more than {allowed} MiB of memory; raise documents.max_memory_mb_per_file"
    return reject(source, OUT_OF_MEMORY, why)


def _last_words(
    pipe: BufferedRWPair,
    source: SourceFile,
    kind: type[BaseException],
    error: BaseException,
    _trace: TracebackType | None,
) -> None:
    """Report an unexpected error to the parent; the process then ends."""
    why = f"its reader failed ({kind.__name__}: {str(error)[:200]}); the file may be damaged"
    _send(pipe, reject(source, CRASHED, why).model_dump_json().encode())


def _die_with_parent() -> None:
    """Linux kills this process with its parent; elsewhere the closed socket and an alarm end it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit_process() -> None:
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):  # no dumps, no files written
        resource.setrlimit(limit, (0, 0))


def _limit_memory(extra_bytes: int) -> None:
    """Allow `extra_bytes` of address space above what is in use now."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    soft = hard
    if extra_bytes != resource.RLIM_INFINITY:
        soft = _address_space_bytes() + extra_bytes
        soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except FileNotFoundError:  # no /proc: the limit is then that of the whole process
        return 0
    return pages * resource.getpagesize()


def _silence() -> None:
    """Discard what libraries print: it is not part of the protocol."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def _receive(pipe: BufferedRWPair) -> bytes:
    length = int.from_bytes(pipe.read(LENGTH_BYTES))
    return pipe.read(length)


def _send(pipe: BufferedRWPair, body: bytes) -> None:
    pipe.write(len(body).to_bytes(LENGTH_BYTES))
    pipe.write(body)
    pipe.flush()


if __name__ == "__main__":
    main()
