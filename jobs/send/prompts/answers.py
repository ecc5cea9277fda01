"""The texts of replies alone, in the order of the prompts."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

import csv
import io
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import orjson

from engine.errors import ConfigError
from engine.files.id_index import IdIndex
from engine.files.jsonl_lines import id_key, line_prefix, read_lines
from engine.files.replace import replacing
from engine.wire.replies.content import reply_text
from engine.wire.server_text import without_controls
from jobs.send.prompts.files import Prompt, PromptForm, read_prompts
from jobs.send.result_files import ID_FIELD
from jobs.send.standard_output import write_output

ANSWER = "answer"


def write_answers(prompts: Path, form: PromptForm, replies: Path, target: Path) -> int:
    r"""Write one answer a prompt to `target`, in one step; returns how many there are.

    By its ending: rows of CSV or objects with `answer` added; else a line each, in which a line
    break is written as \n. A prompt without a reply has an empty answer.

    Raises:
        ConfigError: the prompts cannot be read any more.
        StorageError: the disk refused it.
    """
    answered, lines = 0, _Lines(target)
    with replacing(target) as write_line:
        for prompt, answer in _answers(prompts, form, replies):
            answered += answer is not None
            for line in lines.of(prompt, answer or ""):
                write_line(line)
    return answered


def print_answers(prompts: Path, form: PromptForm, replies: Path) -> None:
    """The same to standard output, a line each; to a terminal without control sequences.

    Raises:
        ConfigError: the prompts cannot be read any more.
        StorageError: the reader has closed it.
    """
    lines, is_read = _Lines(Path()), sys.stdout.isatty()
    for prompt, answer in _answers(prompts, form, replies):
        text = answer or ""
        for line in lines.of(prompt, without_controls(text) if is_read else text):
            write_output(sys.stdout.fileno(), line + b"\n")


def _answers(prompts: Path, form: PromptForm, replies: Path) -> Iterator[tuple[Prompt, str | None]]:
    index = _index(replies)
    with replies.open("rb") as file:
        for prompt in read_prompts(prompts, form):
            yield prompt, _answer(file, index, prompt)


def check_text_path(target: Path, replies: Path) -> None:
    """Refuse a file that no answers can be written to, before anything is sent.

    Raises:
        ConfigError: there is no such folder, or it is the file of replies.
    """
    if not target.parent.is_dir():
        raise ConfigError(f"{target}: there is no folder {target.parent}; make it first")
    if target.resolve() == replies.resolve():
        raise ConfigError(f"{target}: is the file of replies; name another for --text")


class _Lines:
    """The lines of a prompt in the form of the target."""

    def __init__(self, target: Path) -> None:
        self._form = target.suffix.lower()
        self._has_names = False

    def of(self, prompt: Prompt, answer: str) -> Iterator[bytes]:
        if self._form == ".jsonl":
            yield orjson.dumps({**prompt.row, ANSWER: answer})
        elif self._form == ".csv":
            if not self._has_names:
                self._has_names = True
                yield _csv_line([*prompt.row, ANSWER])
            yield _csv_line([*prompt.row.values(), answer])
        else:
            yield answer.replace("\\", "\\\\").replace("\n", "\\n").encode(errors="replace")


def _csv_line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()[:-1].encode(errors="replace")


def _index(replies: Path) -> IdIndex:
    """Where the line of each request begins. Memory: 16 bytes a line."""
    index, offset = IdIndex(array("q"), array("q")), 0
    start = len(line_prefix(ID_FIELD))
    for line in read_lines(replies):
        index.add(line[start : line.find(b'"', start + 1) + 1], offset)
        offset += len(line) + 1
    return index


def _answer(file: BinaryIO, index: IdIndex, prompt: Prompt) -> str | None:
    for offset in index.offsets(id_key(prompt.custom_id)):
        file.seek(offset)
        line = orjson.loads(file.readline())
        if line[ID_FIELD] == prompt.custom_id:
            return reply_text(line["response"]["body"])
    return None
