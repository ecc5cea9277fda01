"""The process that reads files: one after the other, each within its limits, for one parent.

Started as `python -m jobs.documents.workers.reader_worker SOCKET_FD FOLDER SETTINGS_JSON`. On the
socket, each SourceFile (JSON) is answered by one Document or Rejection (JSON). It ends when the
socket is closed or its parent dies, elsewhere than on Linux at the latest by an alarm.
"""

import math
import resource
import signal
import sys
from functools import partial
from io import BufferedRWPair
from pathlib import Path
from types import TracebackType

from jobs.documents.list_files import STAGE, SourceFile, original
from jobs.documents.load_documents import load_document
from jobs.documents.readers.limits import UnreadableFileError
from jobs.processes.serve_parent import connect, receive, send, silence
from schemas.dataset import Rejection
from schemas.settings import DocumentSettings

TIMEOUT = "timeout"
OUT_OF_MEMORY = "out_of_memory"
CRASHED = "reader_crashed"
SPOILING_REASONS = frozenset({OUT_OF_MEMORY, CRASHED})  # after these a worker is not used again
_ORPHAN_GRACE_S = 10
_MIB = 1024 * 1024


def main() -> None:
    """Serve the parent until it is gone."""
    descriptor, folder, settings_json = sys.argv[1:]
    settings = DocumentSettings.model_validate_json(settings_json)
    pipe = connect(int(descriptor))  # open until the last answer is written
    _limit_process()
    silence()
    send(pipe, b"")
    while body := receive(pipe):
        source = SourceFile.model_validate_json(body)
        sys.excepthook = partial(_last_words, pipe, source)
        send(pipe, _answer(source, Path(folder), settings))


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
    rejection = Rejection.of(source.document_id, stage=STAGE, reason=reason, detail=line)
    return rejection.of_document(source.path)


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
    send(pipe, reject(source, CRASHED, why).model_dump_json().encode())


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


if __name__ == "__main__":
    main()
