"""Has a process that was forked start its own children likewise: forked, not as new interpreters.

A command starts some of its work as `python -m MODULE`, and each of these imports again what the
command has imported. `fork_children` has `subprocess` fork the modules in `MODULES` from the
command: all that a parent can see (number, signals, exit code, descriptors, environment, folder,
session) is as if an interpreter had been started. Tests that start a command by
`subprocess` itself show what a new interpreter does.
"""

import asyncio
import atexit
import contextlib
import contextvars
import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
from asyncio.subprocess import Process, SubprocessStreamProtocol
from asyncio.unix_events import _UnixSubprocessTransport  # type: ignore[attr-defined]
from collections.abc import Callable, Sequence
from typing import IO, Any, NamedTuple, NoReturn

MODULES = (
    "engine.local.server",
    "engine.local.student_server",
    "jobs.documents.workers.reader_worker",
    "jobs.finetune.student.training.child",
    "jobs.processes.work_process",
    "jobs.send.sharded.on_ray",
    "jobs.spread.on_ray",
)
FIRST_FREE = 3  # after the standard streams
MOST_BYTES = 65_536  # of a line by itself, as asyncio has it


class Start(NamedTuple):
    """What `subprocess` says of a process that is to be started, in its order."""

    arguments: Sequence[str | bytes]
    executables: Sequence[bytes]
    closes_others: bool
    kept: tuple[int, ...]
    folder: str | bytes | os.PathLike[str] | None
    environment: Sequence[bytes] | None
    stdin: int
    stdin_of_parent: int
    stdout_of_parent: int
    stdout: int
    stderr_of_parent: int
    stderr: int
    errors_of_parent: int
    errors: int
    restores_signals: bool
    is_own_session: bool
    group: int
    group_id: int | None
    group_ids: Sequence[int] | None
    user_id: int | None
    file_mask: int
    before_start: Callable[[], object] | None


Run = Callable[[Sequence[str]], NoReturn]


def fork_children(run: Run) -> None:
    """From now on, fork what is in MODULES; `run` runs the arguments of an interpreter."""
    start: Callable[..., int] = subprocess._fork_exec  # type: ignore[attr-defined]
    start_in_loop = asyncio.create_subprocess_exec

    def fork_or_start(*given: Any) -> int:
        wanted = Start(*given[: len(Start._fields)])
        words = [os.fsdecode(each) for each in wanted.arguments]
        if not _is_ours(words) or wanted.before_start is not None:
            return start(*given)
        process_id = os.fork()
        if not process_id:
            _begin(wanted)
            contextvars.Context().run(run, words[1:])
        return process_id

    async def fork_or_start_in_loop(*words: str, **options: Any) -> Process:
        opened = _open_in_loop if _is_ours(words) else start_in_loop
        return await opened(*words, **options)

    subprocess._fork_exec = fork_or_start  # type: ignore[attr-defined]
    asyncio.create_subprocess_exec = fork_or_start_in_loop  # type: ignore[assignment]


def _is_ours(words: Sequence[object]) -> bool:
    return list(words[:2]) == [sys.executable, "-m"] and words[2] in MODULES


async def _open_in_loop(
    *words: str,
    stdin: int | IO[bytes] | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    limit: int = MOST_BYTES,
    **options: Any,
) -> Process:
    """As the loop of asyncio does it; other loops start processes without `subprocess`."""
    loop = asyncio.get_running_loop()
    protocol = SubprocessStreamProtocol(limit=limit, loop=loop)
    waiter = loop.create_future()
    transport = _UnixSubprocessTransport(
        *(loop, protocol, words, False, stdin, stdout, stderr, 0), waiter=waiter, **options
    )
    threading.Thread(target=_tell_end, args=(loop, transport), daemon=True).start()
    await waiter
    return Process(transport, protocol, loop)


def _tell_end(loop: asyncio.AbstractEventLoop, transport: Any) -> None:
    """Waited for by Popen, which also looks for the end whenever it is to send a signal."""
    code = transport._proc.wait()
    with contextlib.suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(transport._process_exited, code)


def _begin(wanted: Start) -> None:
    """Leave behind what a new interpreter would not have."""
    _leave_loop()
    atexit._clear()
    for handler in logging.root.handlers[:]:
        logging.root.removeHandler(handler)
    logging.root.setLevel(logging.WARNING)
    _restore_signals()
    _take_streams(wanted)
    if wanted.folder is not None:
        os.chdir(wanted.folder)
    if wanted.environment is not None:
        os.environ.clear()
        os.environb.update(dict(each.split(b"=", 1) for each in wanted.environment))
    if wanted.is_own_session:
        os.setsid()


def _leave_loop() -> None:
    """The parent's event loop is not ours."""
    loop = asyncio._get_running_loop()
    if loop is not None:
        task = asyncio.current_task()
        if task is not None:
            asyncio.tasks._leave_task(loop, task)
    asyncio._set_running_loop(None)
    asyncio.set_event_loop(None)


def _restore_signals() -> None:
    """What is ignored stays so; no handler of the parent's does, also of those that C has set."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _take_streams(wanted: Start) -> None:
    """The standard streams and what is to be kept; nothing else stays open."""
    streams = (wanted.stdin, wanted.stdout, wanted.stderr)
    ours = [each if each < 0 else _above(each) for each in streams]
    for number, descriptor in enumerate(ours):
        if descriptor >= 0:
            os.dup2(descriptor, number)
    kept = sorted(set(wanted.kept) - {wanted.errors})
    first = FIRST_FREE
    for descriptor in kept:
        os.closerange(first, descriptor)
        os.set_inheritable(descriptor, True)
        first = descriptor + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def _above(descriptor: int) -> int:
    """A copy that is none of the standard streams."""
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD, FIRST_FREE)
