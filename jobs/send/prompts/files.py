"""Plain prompts: one a line, or rows of a CSV or JSONL file through a template, made requests."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.errors import ConfigError
from engine.files.replace import replacing
from schemas.record import content_id
from schemas.requests import CHAT_COMPLETIONS, Json

PROMPT = "prompt"  # the column that is the prompt where there is no template

_PLACE = re.compile(r"\{(\w[\w .-]*)\}")


class PromptForm(NamedTuple):
    """How prompts become requests. `template` None: a row's `prompt` as it stands."""

    model: str
    max_output_tokens: int
    template: str | None = None


class Row(NamedTuple):
    """Cells by the names of their columns, and where they stand."""

    place: str
    cells: dict[str, str]


class Prompt(NamedTuple):
    """A row of the input, and the id of its request: the same prompt again has another one."""

    custom_id: str
    row: dict[str, str]
    text: str


def read_template(given: str | None) -> str | None:
    """The template that a flag holds, or, after an @, the file that it names.

    Raises:
        ConfigError: the file cannot be read.
    """
    if given is None or not given.startswith("@"):
        return given
    return _read_text(Path(given[1:]), f"--template: {given[1:]}")


def read_prompts(path: Path, form: PromptForm, source: str = "") -> Iterator[Prompt]:
    """The prompts of a file in order: by its ending rows of CSV, objects a line, or plain lines.

    Ids depend on model, limit and text, not on the place: lines may be added anywhere. `source` is
    what messages call the file; empty: by its path.

    Raises:
        ConfigError: the file cannot be read, or a row lacks what the template names.
    """
    seen: Counter[str] = Counter()
    for place, row in _read_rows(path, source or str(path)):
        text = _fill(form.template, row, place)
        seen[text] += 1
        parts = (form.model, form.max_output_tokens, text, seen[text])
        yield Prompt(content_id("prompt", *parts), row, text)


def write_requests(path: Path, form: PromptForm, target: Path, source: str = "") -> int:
    """Write the prompts as a file of requests, in one step; returns how many there are.

    Raises:
        ConfigError: as `read_prompts` says, or there is no prompt.
        StorageError: the disk refused it.
    """
    count = 0
    with replacing(target) as write_line:
        for prompt in read_prompts(path, form, source):
            write_line(_request_line(prompt, form))
            count += 1
        if not count:
            raise ConfigError(f"{source or path}: holds no prompt")
    return count


def _request_line(prompt: Prompt, form: PromptForm) -> bytes:
    body: dict[str, Json] = {
        "model": form.model,
        "messages": [{"role": "user", "content": prompt.text}],
        "max_completion_tokens": form.max_output_tokens,
    }
    line = {"custom_id": prompt.custom_id, "method": "POST", "url": CHAT_COMPLETIONS, "body": body}
    return orjson.dumps(line)


def _fill(template: str | None, row: Mapping[str, str], where: str) -> str:
    if template is None:
        template = f"{{{PROMPT}}}"
    if missing := sorted(set(_PLACE.findall(template)) - set(row)):
        raise ConfigError(
            f"{where}: has no {missing[0]!r}; found {', '.join(row)}. Name a column that there is "
            "in --template, as {column}"
        )
    return _PLACE.sub(lambda found: row[found[1]], template)


def _read_rows(path: Path, source: str) -> Iterator[Row]:
    text = _read_text(path, source)
    match path.suffix.lower():
        case ".csv":
            rows = csv.DictReader(io.StringIO(text, newline=""))
            for number, row in enumerate(rows, start=1):
                cells = {name: value or "" for name, value in row.items() if name}
                yield Row(f"{source}, row {number:,}", cells)
        case ".jsonl":
            for number, line in enumerate(text.split("\n"), start=1):
                if line.strip():
                    place = f"{source}, line {number:,}"
                    yield Row(place, _read_object(line, place))
        case _:
            for number, line in enumerate(map(str.strip, text.split("\n")), start=1):
                if line:
                    yield Row(f"{source}, line {number:,}", {PROMPT: line})


def _read_object(line: str, where: str) -> dict[str, str]:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"{where}: is no JSON ({error})") from error
    if not isinstance(fields, dict):
        raise ConfigError(f"{where}: found no JSON object with a text for each name")
    return {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in fields.items()
    }


def _read_text(path: Path, source: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source}: cannot be read as UTF-8 text: {error}") from error
