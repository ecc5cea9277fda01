"""What `--student` names: a folder, a GGUF, a model of the hub, or the embedded model."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from engine.errors import ConfigError
from engine.extras import install_command
from engine.local.model import CHAT_MODEL, find_chat_model
from jobs.finetune.student.source.gguf_file import (
    Floats,
    GgufStudent,
    gguf_weights,
    is_gguf,
    read_gguf,
)
from jobs.finetune.student.source.hf_folder import FolderStudent, folder_weights, read_folder
from jobs.finetune.student.source.shape import StudentShape
from jobs.finetune.student.source.student_names import student_name
from jobs.finetune.student.source.vocabulary import (
    TEMPLATE_KEY,
    Vocabulary,
    folder_vocabulary,
    gguf_vocabulary,
)

PACKAGES = ("torch", "safetensors", "gguf", "tokenizers", "jinja2", "xllamacpp")


class Student(NamedTuple):
    """An untuned student that was found and whose header was read."""

    name: str
    path: Path
    source: GgufStudent | FolderStudent

    @property
    def shape(self) -> StudentShape:
        """The shape of its network."""
        return self.source.shape

    @property
    def template_of_gguf(self) -> str | None:
        """The chat template that its own GGUF holds; None: it is a folder."""
        if isinstance(self.source, GgufStudent):
            return str(self.source.fields.get(TEMPLATE_KEY, ""))
        return None

    def weights(self) -> Iterator[tuple[str, Floats]]:
        """Each matrix and vector, one after the other. Raises ConfigError if one is damaged."""
        if isinstance(self.source, GgufStudent):
            return gguf_weights(self.source)
        return folder_weights(self.source)

    def vocabulary(self) -> Vocabulary:
        """Its tokens and its template. Raises ConfigError if they cannot be read."""
        if isinstance(self.source, GgufStudent):
            return gguf_vocabulary(self.source)
        return folder_vocabulary(self.path, size=self.shape.vocabulary_size)


def find_student(named: str) -> Student:
    """The student of this name; empty: the embedded model.

    Raises:
        ConfigError: a package is missing, there is no such student, or it cannot be tuned here.
    """
    require_packages()
    name = student_name(named)
    if named in ("", CHAT_MODEL):
        return _read(find_chat_model(), name)
    path = Path(named).expanduser()
    if path.exists():
        return _read(path.resolve(), name)
    is_file_name = path.suffix.lower() == ".gguf"  # others have a dot: Qwen2.5-0.5B-Instruct
    if is_file_name or named.startswith((".", "/", "~")) or named.count("/") != 1:
        raise ConfigError(
            f"student {named!r}: there is no such file or folder; expected a Hugging Face folder, "
            f"a GGUF, a name of the hub (organisation/model), or {CHAT_MODEL}; a host's model is "
            "tuned there with --trainer openai"
        )
    return _read(_fetch(named), name)


def require_packages() -> None:
    """Refuse where the extra is not installed.

    Raises:
        ConfigError: a package of the extra `student` is missing.
    """
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise ConfigError(
            f"trainer local needs the package {missing[0]}, which is not installed; install what "
            f"it needs with: {install_command('student')}"
        )


def _read(path: Path, name: str) -> Student:
    if path.is_dir():
        return Student(name, path, read_folder(path))
    if not is_gguf(path):
        raise ConfigError(f"{path}: is neither a folder nor a GGUF")
    return Student(name, path, read_gguf(path))


def _fetch(named: str) -> Path:
    """The folder of a model of the hub, in the hub's cache."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = ["*.json", "*.safetensors", "*.jinja"]
    try:
        return Path(snapshot_download(named, allow_patterns=patterns))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise ConfigError(
            f"student {named!r}: is no file or folder here, and cannot be fetched from the hub "
            f"({first}); fetch it elsewhere and name its folder"
        ) from error
