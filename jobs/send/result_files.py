"""The files of replies: one line for each settled request, in the Batch API's output format."""

import asyncio
import os
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Container,
    Iterator,
    Sequence,
)
from contextlib import ExitStack
from pathlib import Path
from typing import Literal, NamedTuple

from engine.closing import AsyncClosing
from engine.errors import ConfigError, DamagedLogError
from engine.files.jsonl import JsonlLog
from engine.files.jsonl_lines import last_line
from engine.files.line_scan import KeyedLines
from jobs.send.result_lines import LINE_ID, encode_answer, encode_failure, sends_count_in
from schemas.outcomes import Completed, Failed, Outcome

ID_FIELD = "custom_id"
ID_RUN_BYTES = 4

OutcomeKind = Literal["answered", "failed", "out"]


class ResultPaths(NamedTuple):
    """The files that belong to one OUT.jsonl."""

    answers: Path
    errors: Path
    former_errors: Path
    lock: Path
    stats: Path
    sends: Path


def result_paths(out_path: Path) -> ResultPaths:
    """Where everything that goes with `out_path` lies: beside it, with a longer name."""
    return ResultPaths(
        out_path,
        *(out_path.with_name(out_path.name + end) for end in (".errors", ".errors.former")),
        *(out_path.with_name(out_path.name + end) for end in (".lock", ".stats", ".sends")),
    )


def shards_root(out_path: Path) -> Path:
    """Where workers on a cluster write, until it is part of the file of replies."""
    return out_path.with_name(out_path.name + ".shards")


def store_note_path(out_path: Path) -> Path:
    """What says in which store the file of replies is kept besides, if it is."""
    return out_path.with_name(out_path.name + ".store")


def check_paths(input_path: Path | None, paths: ResultPaths) -> None:
    """Refuse an output that cannot be one.

    Raises:
        ConfigError: it is a folder, lies in none, or is the input.
    """
    out_path = paths.answers
    if out_path.is_dir():
        raise ConfigError(f"{out_path}: is a folder; name a file in it")
    if out_path.exists() and not out_path.is_file():
        raise ConfigError(f"{out_path}: is a device or a pipe; name a file that can be resumed")
    if not out_path.parent.is_dir():
        raise ConfigError(f"{out_path}: its folder does not exist; make it, or name another file")
    if input_path is not None and input_path.resolve() in [path.resolve() for path in paths]:
        raise ConfigError(f"{input_path}: is input and output at once; name another --out")


def set_failures_aside(paths: ResultPaths) -> None:
    """Move the failures away in one step, so that their requests are not settled any more."""
    if paths.errors.exists():
        paths.errors.replace(paths.former_errors)


class ResultCounts(NamedTuple):
    """Requests by how they ended."""

    answered: int
    failed: int


class ResultFiles(AsyncClosing):
    """Replies in one file, failures in another; each request stands in one of them, once.

    `out` are requests that a batch may be answering now, which must not be sent otherwise.
    With `has_reserve` replies in flight are kept even where the disk has become full (JsonlLog).
    Memory: 16 bytes a line. One process writes (WriterLock); any number may read.
    """

    def __init__(
        self, paths: ResultPaths, out: Container[str] = frozenset(), *, has_reserve: bool = False
    ) -> None:
        self._out = out
        try:
            with ExitStack() as opened:
                self._answers = JsonlLog(paths.answers, id_field=ID_FIELD, has_reserve=has_reserve)
                opened.callback(self._answers.lines.close)
                self._errors = JsonlLog(paths.errors, id_field=ID_FIELD)
                opened.pop_all()
        except OSError as error:
            raise ConfigError(f"{error.filename}: cannot be written: {error.strerror}") from error
        self._run_id = os.urandom(ID_RUN_BYTES).hex()
        self._kept_count = 0
        self._sends_count: Callable[[], int] = int

    async def aclose(self) -> None:
        """Wait for what is being written, then close both files."""
        await self._answers.aclose()
        await self._errors.aclose()

    def counts(self) -> "ResultCounts":
        """How many requests stand in each file."""
        return ResultCounts(len(self._answers), len(self._errors))

    def ending(self, custom_id: str) -> OutcomeKind | None:
        """How a request ended, or that it is in a batch; None if it is to be sent."""
        if custom_id in self._answers:
            return "answered"
        if custom_id in self._errors:
            return "failed"
        return "out" if custom_id in self._out else None

    def answer_line(self, custom_id: str) -> bytes | None:
        """The line of an answered request, without its newline; None: it was not answered."""
        return self._answers.read(custom_id)

    def endings(self, keys: Sequence[bytes]) -> list[OutcomeKind | None]:
        """How many requests ended, each named by its id as it stands in a line (`id_key`)."""
        return [
            "answered" if is_answered else "failed" if has_failed else None
            for is_answered, has_failed in zip(
                self._answers.contains_each(keys), self._errors.contains_each(keys), strict=True
            )
        ]

    def settled_among(self, custom_ids: Collection[str]) -> set[str]:
        """Those of many requests that stand in one of the files, or may be answered now."""
        out = {custom_id for custom_id in custom_ids if custom_id in self._out}
        return self._answers.those_in(custom_ids) | self._errors.those_in(custom_ids) | out

    def follow_pace(self, is_paced: Callable[[], bool]) -> None:
        """Write in larger groups while `is_paced`: see JsonlLog.follow_pace."""
        self._answers.follow_pace(is_paced)

    def follow_sends(self, written_count: Callable[[], int]) -> None:
        """Note in each line how far the log of sends is, so that it is noticed if that is cut."""
        self._sends_count = written_count

    def keep(self, outcome: Outcome) -> Awaitable[None]:
        """Write an outcome; the returned future resolves once it is on disk.

        Raises:
            StorageError: the disk refused it.
        """
        if isinstance(outcome, Completed):
            return self._answers.append(outcome.request_id, self._answer_line(outcome))
        return self._errors.append(outcome.request_id, self._failure_line(outcome))

    async def keep_each(self, outcomes: Sequence[Outcome]) -> None:
        """Write outcomes; returns once all are on disk.

        Raises:
            StorageError: the disk refused one.
        """
        answers = (
            (each.request_id, self._answer_line(each))
            for each in outcomes
            if isinstance(each, Completed)
        )
        failures = (
            (each.request_id, self._failure_line(each))
            for each in outcomes
            if isinstance(each, Failed)
        )
        await asyncio.gather(self._answers.append_each(answers), self._errors.append_each(failures))

    async def adopt_each(self, lines: Sequence[bytes], kind: OutcomeKind) -> int:
        """Write lines of other such files as lines of these; returns for how many requests.

        A request that stands here already keeps what it has. Returns once all are on disk.

        Raises:
            DamagedLogError: one is not such a line.
            StorageError: the disk refused one.
        """
        given = dict(self._adopted(lines))
        keys = list(given)
        new = [
            (key, given[key])
            for key, ending in zip(keys, self.endings(keys), strict=True)
            if ending is None
        ]
        await (self._answers if kind == "answered" else self._errors).append_keyed(new)
        return len(new)

    async def adopt_block(self, lines: KeyedLines, kind: OutcomeKind) -> int:
        """The same for whole lines as they lie in such a file: for a fraction of the time.

        The last one alone gets an id of this file's, as it says how far the log of sends is. Those
        of a worker say nothing of that, so that no log is blamed where a kill cuts the block.
        """
        if len(set(lines.keys)) < len(lines.keys) or any(self.endings(lines.keys)):
            return await self.adopt_each(lines.data.split(b"\n")[:-1], kind)
        start = len(lines.data) - lines.sizes[-1]
        [(_, last)] = self._adopted([lines.data[start:-1]])
        data, sizes = b"%b%b\n" % (lines.data[:start], last), [*lines.sizes[:-1], len(last) + 1]
        log = self._answers if kind == "answered" else self._errors
        await log.append_block(KeyedLines(data, lines.keys, sizes))
        return len(sizes)

    def _adopted(self, lines: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """The id in each line, as it stands there, and the line with an id of this file's."""
        run_id, sends = self._run_id.encode(), self._sends_count()
        for line in lines:
            found = LINE_ID.match(line)
            if found is None:
                raise DamagedLogError(f"a line of replies has another form: {line[:80]!r}")
            self._kept_count += 1
            start, end = found.span("line_id")
            line_id = b"req_%b_%d_%d" % (run_id, self._kept_count, sends)
            yield found["key"], line[:start] + line_id + line[end:]

    def _answer_line(self, outcome: Completed) -> bytes:
        return encode_answer(outcome, self._next_line_id())

    def _failure_line(self, outcome: Failed) -> bytes:
        return encode_failure(outcome, self._next_line_id())

    def _next_line_id(self) -> str:
        self._kept_count += 1
        return f"req_{self._run_id}_{self._kept_count}_{self._sends_count()}"


def known_sends_count(paths: ResultPaths) -> int:
    """How far the log of sends was when the last reply or failure was written; 0: not known."""
    return max(sends_count_in(last_line(path)) for path in (paths.answers, paths.errors))
