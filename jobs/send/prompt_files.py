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
    return _read_text(Path(given[1:]), "--template")


def read_prompts(path: Path, form: PromptForm) -> Iterator[Prompt]:
    """The prompts of a file in order: by its ending rows of CSV, objects a line, or plain lines.

    Ids depend on model, limit and text, not on the place: lines may be added anywhere.

    Raises:
        ConfigError: the file cannot be read, or a row lacks what the template names.
    """
    seen: Counter[str] = Counter()
    for number, row in enumerate(_read_rows(path), start=1):
        text = _fill(form.template, row, f"{path}, row {number:,}")
        seen[text] += 1
        parts = (form.model, form.max_output_tokens, text, seen[text])
        yield Prompt(content_id("prompt", *parts), row, text)


def write_requests(path: Path, form: PromptForm, target: Path) -> int:
    """Write the prompts as a file of requests, in one step; returns how many there are.

    Raises:
        ConfigError: as `read_prompts` says, or there is no prompt.
        StorageError: the disk refused it.
    """
    count = 0
    with replacing(target) as write_line:
        for prompt in read_prompts(path, form):
            write_line(_request_line(prompt, form))
            count += 1
        if not count:
            raise ConfigError(f"{path}: holds no prompt")
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


def _read_rows(path: Path) -> Iterator[dict[str, str]]:
    text = _read_text(path, "prompts")
    match path.suffix.lower():
        case ".csv":
            rows = csv.DictReader(io.StringIO(text, newline=""))
            yield from ({name: value or "" for name, value in row.items() if name} for row in rows)
        case ".jsonl":
            for number, line in enumerate(text.split("\n"), start=1):
                if line.strip():
                    yield _read_object(line, f"{path}:{number}")
        case _:
            yield from ({PROMPT: line} for line in map(str.strip, text.split("\n")) if line)


def _read_object(line: str, where: str) -> dict[str, str]:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"{where}: is no JSON ({error})") from error
    if not isinstance(fields, dict):
        raise ConfigError(f"{where}: found no object, expected one with a text a name")
    return {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in fields.items()
    }


def _read_text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{what}: {path} cannot be read as UTF-8 text: {error}") from error
