"""Runs the tests of one collection in several processes: `pytest -n N`.

The tests are collected once, and the processes are forked from the one that has done so. What tests
import is imported once: with xdist, whose options these are, each process collects for itself. A
process takes one block of tests after the other from a pipe, and tells what each test comes to;
the first process tells the terminal.
"""

import atexit
import os
import signal
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, pairwise
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest

from engine.wire.tokens import count_tokens
from jobs.text.languages import make_ready
from tests.forked import SHARED_SERVERS, ForkServer

BLOCKS_PER_PROCESS = 8
INDEX_BYTES = 4
MANY_TESTS = 500  # some of which count tokens and tell languages
Block = Sequence[pytest.Item]


class Event(NamedTuple):
    """A call of a hook in a process that runs tests, to be repeated in the first one."""

    hook: str
    arguments: dict[str, Any]


class SharedRun:
    """The plugin of the first process, which has `count` others run the tests of a session."""

    def __init__(self, count: int) -> None:
        self._count = count

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run them all. Where there is none, or one could not be collected, pytest says so."""
        if session.testsfailed or not session.items:
            return None
        _prepare(session.config, session.items)
        blocks = make_blocks(session.items, self._count * BLOCKS_PER_PROCESS)
        queue = _fill_queue(len(blocks))
        with ExitStack() as stack:
            servers = [stack.enter_context(server) for server in _shared_servers()]
            processes: list[_Process] = []
            for number in range(min(self._count, len(blocks))):
                process = _Process(number, session, _Work(blocks, queue), processes)
                processes.append(stack.enter_context(process))
            os.close(queue)
            for server in servers:
                server.start()
            _listen(session, processes)
        return True


def make_blocks(items: Sequence[pytest.Item], least_count: int) -> list[Block]:
    """What one process runs in a row: modules that share a fixture, or a part of a module."""
    modules: dict[Path, list[pytest.Item]] = {}
    for item in items:
        modules.setdefault(item.path, []).append(item)
    folders: dict[str, list[pytest.Item]] = {}
    blocks: list[Block] = []
    most = max(1, len(items) // least_count)
    for tests in modules.values():
        folder = next(filter(None, map(_shared_folder, tests)), None)
        if folder is None:
            blocks.extend(tests[start : start + most] for start in range(0, len(tests), most))
        elif folder in folders:
            folders[folder].extend(tests)
        else:
            folders[folder] = tests
            blocks.append(tests)
    return blocks


def _shared_folder(item: pytest.Item) -> str | None:
    """The folder whose modules share a fixture that this test needs."""
    assert isinstance(item, pytest.Function)
    needed = (definitions[-1] for definitions in item._fixtureinfo.name2fixturedefs.values())
    return next((each.baseid for each in needed if each.scope == "package"), None)


def _fill_queue(count: int) -> int:
    """A pipe with the numbers of all blocks, of which whoever is idle takes the next one."""
    queue, end = os.pipe()
    os.set_blocking(end, False)
    for number in range(count):
        os.write(end, number.to_bytes(INDEX_BYTES, "big"))
    os.close(end)
    return queue


def _prepare(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """What all processes are to find: also what takes most of a second to load."""
    if len(items) >= MANY_TESTS:
        count_tokens("a")
        make_ready()
    config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    terminal = config.pluginmanager.getplugin("terminalreporter")
    if terminal is not None:
        terminal.showfspath = False  # tests of several modules end in turn


def _shared_servers() -> Iterator[ForkServer]:
    """All processes of the tests have their commands forked from the same, slow to start."""
    for imported, variable in SHARED_SERVERS.items():
        server = ForkServer(imported)
        os.environ[variable] = server.address
        yield server


def _listen(session: pytest.Session, processes: "Sequence[_Process]") -> None:
    """Repeat here what the processes tell, until all are done or it is time to stop."""
    told = {process.pipe: process for process in processes}
    while told:
        for pipe in wait([*told]):
            assert isinstance(pipe, Connection)
            if not _hear(session, told[pipe]):
                del told[pipe]
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)


def _hear(session: pytest.Session, process: "_Process") -> bool:
    """Repeat what comes next; whether there may be more."""
    try:
        event: Event | None = process.pipe.recv()
    except EOFError:
        session.shouldfail = f"a process of the tests has died in {process.running}"
        return False
    if event is None:
        process.is_complete = True
        return False
    hooks, arguments = session.config.hook, event.arguments
    if event.hook == "pytest_warning_recorded":
        hooks.pytest_warning_recorded.call_historic(kwargs=arguments)
        return True
    if event.hook == "pytest_runtest_logstart":
        process.running = arguments["nodeid"]
    elif event.hook == "pytest_runtest_logreport":
        data = arguments["report"]
        report = hooks.pytest_report_from_serializable(config=session.config, data=data)
        arguments = {"report": report}
    getattr(hooks, event.hook)(**arguments)
    return True


class _Work(NamedTuple):
    """What is to be run, and where to take the number of the next block from."""

    blocks: Sequence[Block]
    queue: int

    def take(self) -> Iterator[Block]:
        """The next block, until there is none."""
        while number := os.read(self.queue, INDEX_BYTES):
            yield self.blocks[int.from_bytes(number, "big")]


class _Process:
    """A process that runs tests. It ends with the context, at once where that is left early."""

    def __init__(
        self, number: int, session: pytest.Session, work: _Work, earlier: "Sequence[_Process]"
    ) -> None:
        self.running = "no test"
        self.is_complete = False
        self.pipe, ours = Pipe(duplex=False)
        self._process_id = os.fork()
        if not self._process_id:
            for process in (self, *earlier):
                process.pipe.close()
            _be_process(number, session, work, ours)
        ours.close()

    def __enter__(self) -> "_Process":
        return self

    def __exit__(self, *_: object) -> None:
        if not self.is_complete:
            os.kill(self._process_id, signal.SIGINT)
        os.waitpid(self._process_id, 0)
        self.pipe.close()


def _be_process(number: int, session: pytest.Session, work: _Work, pipe: Connection) -> NoReturn:
    """What the new process does, and ends."""
    code = 1
    try:
        atexit._clear()
        signal.signal(signal.SIGINT, _stop)
        _make_own(session.config, number)
        _run(session, work, pipe)
        code = 0
    except BaseException:  # noqa: BLE001 - the first process says in which test
        if signal.getsignal(signal.SIGINT) is _stop:
            traceback.print_exc()
        session._setupstate.teardown_exact(None)
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        os._exit(code)


def _stop(_number: int, _frame: object) -> NoReturn:
    """Leave the test, once: what the fixtures do at their end is not stopped."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _make_own(config: pytest.Config, number: int) -> None:
    """Streams and a folder that no other process has."""
    plugins = config.pluginmanager
    plugins.unregister(name="terminalreporter")
    capture = plugins.getplugin("capturemanager")
    assert capture is not None
    capture.stop_global_capturing()
    capture.start_global_capturing()
    capture.suspend_global_capture()
    factory = config._tmp_path_factory  # type: ignore[attr-defined]
    factory._basetemp = factory.getbasetemp() / f"process-{number}"
    factory._basetemp.mkdir(mode=0o700)


def _run(session: pytest.Session, work: _Work, pipe: Connection) -> None:
    """Run one block after the other, and tell of each test."""
    teller = _Teller(session.config, pipe)
    session.config.pluginmanager.register(teller)
    items = chain.from_iterable(work.take())
    for item, following in pairwise(chain(items, [None])):
        assert item is not None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail or session.shouldstop:
            break
    pipe.send(None)


class _Teller:
    """The plugin of a process that runs tests: sends what the first one is to repeat."""

    def __init__(self, config: pytest.Config, pipe: Connection) -> None:
        self._config = config
        self._pipe = pipe

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """A test begins."""
        self._tell("pytest_runtest_logstart", nodeid=nodeid, location=location)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A part of a test has ended."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._tell("pytest_runtest_logreport", report=data)

    def pytest_runtest_logfinish(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """A test has ended."""
        self._tell("pytest_runtest_logfinish", nodeid=nodeid, location=location)

    def pytest_warning_recorded(
        self,
        warning_message: warnings.WarningMessage,
        when: str,
        nodeid: str,
        location: tuple[str, int, str] | None,
    ) -> None:
        """A warning that is no error. Those of the collection are known."""
        if when != "runtest":
            return
        category, path = warning_message.category, warning_message.filename
        message = warnings.WarningMessage(
            str(warning_message.message), category, path, warning_message.lineno
        )
        self._tell(
            "pytest_warning_recorded",
            **{"warning_message": message, "when": when, "nodeid": nodeid, "location": location},
        )

    def _tell(self, hook: str, **arguments: Any) -> None:
        self._pipe.send(Event(hook, arguments))
