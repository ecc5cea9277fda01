"""Plain prompts as the input of `distill send`: made requests, and their answers written out."""

import logging
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from engine.errors import ConfigError
from engine.files.lock import WriterLock
from jobs.send.prompts.answers import check_text_path, print_answers, write_answers
from jobs.send.prompts.files import PromptForm, read_template, write_requests
from jobs.send.result_files import check_paths, result_paths

_log = logging.getLogger(__name__)

STANDARD = "-"  # standard input, or output
STANDARD_INPUT = "standard input"


class PromptOrder(NamedTuple):
    """What was given for plain prompts. `text`: where answers alone go, None: nowhere."""

    model: str | None
    template: str | None
    text: str | None
    max_output_tokens: int


class PromptInput(NamedTuple):
    """Prompts, and the file of requests that they were written to."""

    path: Path
    form: PromptForm
    request_path: Path


def keep_prompt_input(source: str, out: Path, order: PromptOrder) -> PromptInput | None:
    """Write prompts beside `out`, unless another process sends what it was given for `out`.

    Raises:
        ConfigError: the prompts cannot be read, or flags contradict each other.
        RunInUseError: another process writes these results.
    """
    paths = result_paths(out)
    request_path = out.with_name(out.name + ".requests")
    if order.model is None:
        return make_prompt_input(source, out, order, request_path)
    check_paths(None, paths)
    with WriterLock(paths.lock, guarded=out):
        return make_prompt_input(source, out, order, request_path)


def make_prompt_input(
    source: str, out: Path, order: PromptOrder, request_path: Path
) -> PromptInput | None:
    """Write prompts as a file of requests; None: they are requests themselves.

    Those of standard input are kept beside it: a prompt a line, or with a template an object.

    Raises:
        ConfigError: the prompts cannot be read, or flags contradict each other.
    """
    if order.model is None:
        if order.template is not None or order.text is not None:
            raise ConfigError("--template and --text are for prompts: name their --model")
        return None
    path, name = Path(source), ""
    if source == STANDARD:
        name = STANDARD_INPUT
        ending = ".txt" if order.template is None else ".jsonl"
        path = request_path.with_name(request_path.name + ending)
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    check_paths(path, result_paths(out))
    if order.text not in (None, STANDARD):
        check_text_path(Path(order.text or ""), out)
    form = PromptForm(order.model, order.max_output_tokens, read_template(order.template))
    write_requests(path, form, request_path, name)
    return PromptInput(path, form, request_path)


def write_text(prompts: PromptInput, replies: Path, text: str) -> None:
    """Write the answers alone, in the order of the prompts, to a file or to standard output.

    Raises:
        ConfigError: the prompts cannot be read any more.
        StorageError: the disk refused it, or the reader has closed it.
    """
    if text == STANDARD:
        print_answers(prompts.path, prompts.form, replies)
        return
    count = write_answers(prompts.path, prompts.form, replies, Path(text))
    _log.info("wrote %s: %s answers, in the order of the prompts", text, f"{count:,}")
