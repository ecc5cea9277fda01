"""A process that has imported the project and forks: each fork runs `python -m MODULE` for a test.

    python -m tests.fork_server DESCRIPTOR [MODULE ...]

To start an interpreter and to import the command takes longer than what most tests have it do. A
fork is a process like any other: it has its own memory, files and signals, and can be killed.
Given modules, it imports those too. DESCRIPTOR is a socket that listens.
`tests/forked.py` is the other side. An order comes as one message with its descriptors; the number
of the new process is the answer, and its exit code is written to the order's last descriptor. It
ends with its standard input.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, NoReturn

from pydantic import BaseModel

import engine
import jobs
import schemas
from engine.wire.sdk.client import system_certificates
from engine.wire.tokens import count_tokens
from jobs.text.languages import detect_language
from schemas.record import Value
from tests.forked_children import fork_children
from tests.large_pages import collapse_pages

MOST_BYTES = 131_072
MOST_DESCRIPTORS = 4
# Left to the process that needs it: large, of an extra that not everybody has installed, with
# threads, which do not survive a fork, or, as Ray, with settings read from the environment at once.
LEFT_OUT = (
    "__main__",
    "jobs.evaluation.ragas_scoring.",
    "jobs.finetune.student.parity.",
    "jobs.finetune.student.training.",
    "jobs.send.sharded.on_ray.",
    "jobs.send.sharded.outside.",
    "jobs.spread.on_ray",
)
# What libraries import once they are used, where it takes long and can be had before.
IMPORTED_LATE = (
    "anyio._backends._asyncio",
    "bm25s",
    "genai_prices.data",
    "multiprocessing.synchronize",
    "numpy.ma",
    "numpy.random",
    "rich._emoji_codes",
    "rich.markdown",
    "rich.syntax",
    "tenacity",
    "typer._adapters",
    "typer._click._textwrap",
    "typer._click.decorators",
    "typer.rich_utils",
    "google.protobuf.json_format",  # this and the following: Ray
    "pydantic.v1",
    "requests",
    "uvloop",
)

Program = Callable[[], None]


def _do_nothing() -> None:
    """The program of the process that forks, at its end."""


class Order(NamedTuple):
    """What is to be run: the arguments of an interpreter, its folder and its environment."""

    arguments: list[str]
    folder: str
    environment: dict[str, str]


def import_all() -> None:
    """Import what a command imports when it works, and load what it loads first."""
    for package in (schemas, engine, jobs):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(LEFT_OUT[1:]) and not module.name.endswith(LEFT_OUT[0]):
                importlib.import_module(module.name)
    importlib.import_module("tests.openai_server.server")
    _load_sdk()
    for name in IMPORTED_LATE:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    _build_records(Value)
    count_tokens("a")
    detect_language("The pump stands in the cellar, and its filter is changed once a year.")


def _load_sdk() -> None:
    """Import what the official SDK imports once it is used: most of it, and much."""
    import openai  # not where other modules than the commands' are named

    client = openai.AsyncOpenAI(api_key="-")
    system_certificates()
    for part in (client.files, client.batches, client.fine_tuning.jobs):
        assert part is not None


def _build_records(base: type[BaseModel]) -> None:
    """Build what a record is at its first use, as each fork would for itself."""
    for kind in base.__subclasses__():
        kind.model_rebuild()
        _build_records(kind)


def serve(listener: socket.socket) -> Program:
    """Fork for each order. Returns in a fork, with what it is to run; with nothing at the end."""
    ended, signalled = os.pipe()
    os.set_blocking(signalled, False)
    signal.set_wakeup_fd(signalled)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, int] = {}
    with selectors.DefaultSelector() as selector:

        def admit() -> None:
            connection = listener.accept()[0]
            act = partial(_obey, connection, selector, running)
            selector.register(connection, selectors.EVENT_READ, act)

        selector.register(listener, selectors.EVENT_READ, admit)
        selector.register(ended, selectors.EVENT_READ, partial(_report_ended, ended, running))
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ, lambda: _do_nothing)
        while True:
            for key, _ in selector.select():
                program: Program | None = key.data()
                if program is not None:
                    return program


def _obey(
    connection: socket.socket, selector: selectors.BaseSelector, running: dict[int, int]
) -> Program | None:
    """Fork for an order that has come, or see that no more will."""
    message, descriptors, _, _ = socket.recv_fds(connection, MOST_BYTES, MOST_DESCRIPTORS)
    if message:
        return _fork(message, descriptors, connection, running)
    selector.unregister(connection)
    connection.close()
    return None


def _fork(
    message: bytes, descriptors: Sequence[int], connection: socket.socket, running: dict[int, int]
) -> Program | None:
    """Fork for an order. In the fork, what it is to run."""
    *streams, status = descriptors
    process_id = os.fork()
    if not process_id:
        return lambda: _become(Order(**json.loads(message)), streams)
    for stream in streams:
        os.close(stream)
    running[process_id] = status
    connection.send(str(process_id).encode())
    return None


def _report_ended(signals: int, running: dict[int, int]) -> None:
    """Write the exit codes of those that have ended; a signal's is negative."""
    os.read(signals, MOST_BYTES)
    while running:
        process_id, status = os.waitpid(-1, os.WNOHANG)
        if not process_id:
            return
        descriptor = running.pop(process_id)
        with contextlib.suppress(BrokenPipeError):  # nobody waits for it
            os.write(descriptor, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(descriptor)


def _become(order: Order, streams: list[int]) -> None:
    """Run what an order says, as the interpreter would if it had just been started."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(len(streams), os.sysconf("SC_OPEN_MAX"))
    _open_streams()
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    gc.enable()
    fork_children(_run_child)
    _run(order.arguments)


def _run_child(arguments: Sequence[str]) -> NoReturn:
    """Run what a forked command starts, in a fork of it."""
    _open_streams()
    sys.modules.pop(arguments[1], None)  # it is run as if it had not been imported
    _end(lambda: _run(arguments))


def _run(arguments: Sequence[str]) -> None:
    """Run the arguments of an interpreter."""
    program, *arguments = arguments
    if program == "-m":
        module, *arguments = arguments
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [program, *arguments]
        runpy.run_path(program, run_name="__main__")


def _open_streams() -> None:
    """What the interpreter opens at its start, by what the descriptors are now."""
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, errors="backslashreplace", closefd=False)  # noqa: SIM115


def _end(program: Program) -> NoReturn:
    """Run a program to its end, and leave without taking apart all that was imported."""
    code: object = 0
    try:
        program()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:  # noqa: BLE001 - what the interpreter does with any
        sys.excepthook(*sys.exc_info())
        code = 1
    if not isinstance(code, int):
        print(code, file=sys.stderr)  # noqa: T201
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    gc.disable()
    import_all()
    for name in sys.argv[2:]:
        importlib.import_module(name)
    gc.freeze()
    collapse_pages()
    _end(serve(socket.socket(fileno=int(sys.argv[1]))))
