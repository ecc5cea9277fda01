"""The student for Ollama: its template, its end tokens, and the system message of its rows."""

from collections.abc import Sequence
from pathlib import Path

from engine.errors import ConfigError
from engine.files.replace import replace_file
from jobs.finetune.student.source.chat_template import ChatTemplate, Message

# Ollama's own places (Modelfile reference).
_SYSTEM: Message = {"role": "system", "content": "{{ .System }}"}
_USER: Message = {"role": "user", "content": "{{ .Prompt }}"}
_QUOTES = '"""'


def write_modelfile(path: Path, gguf_name: str, template: ChatTemplate, system: str) -> None:
    """Write a Modelfile; `system` is the system message of all rows, empty if there is no such one.

    Raises:
        StorageError: the disk refused it.
    """
    lines = [
        f"FROM ./{gguf_name}",
        f"TEMPLATE {_QUOTES}{_ollama_template(template)}{_QUOTES}",
        *(f"PARAMETER stop {token}" for token in template.vocabulary.end_tokens),
        "PARAMETER temperature 0",
        *_system_lines(system),
    ]
    replace_file(path, [line.encode() for line in lines])


def _ollama_template(template: ChatTemplate) -> str:
    """What the student's own template makes of one question, with a system message and without.

    Some templates refuse the one or the other, and some write another prompt than an empty message.
    """
    plain, told = _prompt(template, [_USER]), _prompt(template, [_SYSTEM, _USER])
    if plain is None or told is None:
        return told or plain or ""
    return f"{{{{ if .System }}}}{told}{{{{ else }}}}{plain}{{{{ end }}}}"


def _prompt(template: ChatTemplate, messages: Sequence[Message]) -> str | None:
    try:
        return template.prompt(messages)
    except ConfigError:
        return None


def _system_lines(system: str) -> list[str]:
    if _QUOTES in system:  # which a Modelfile cannot hold
        return ["# Give the system message of the rows with each call: three quotes are in it."]
    return [f"SYSTEM {_QUOTES}{system}{_QUOTES}"] if system else []
