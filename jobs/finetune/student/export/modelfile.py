"""An Ollama Modelfile: the template, the stop tokens and the system message that were trained."""

from pathlib import Path

from engine.files.replace import replace_file
from jobs.finetune.student.source.chat_template import ChatTemplate
from jobs.finetune.student.source.vocabulary import Vocabulary

_SYSTEM, _USER = "{{ .System }}", "{{ .Prompt }}"  # Ollama's own places (Modelfile reference)


def write_modelfile(
    path: Path, gguf_name: str, vocabulary: Vocabulary, template: ChatTemplate, system: str
) -> None:
    """Write the file; its template is what the student's own makes of one question.

    Raises:
        ConfigError: the template refuses a system message.
        StorageError: the disk refused it.
    """
    messages = [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": _USER}]
    lines = [
        f"FROM ./{gguf_name}",
        f'TEMPLATE """{template.prompt(messages)}"""',
        *(f"PARAMETER stop {token}" for token in vocabulary.end_tokens),
        "PARAMETER temperature 0",
        f'SYSTEM """{system}"""',
    ]
    replace_file(path, [line.encode() for line in lines])
