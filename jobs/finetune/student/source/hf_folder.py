"""A Hugging Face folder as a student's source: config.json, safetensors, tokenizer.json."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.errors import ConfigError
from jobs.finetune.student.source.gguf_file import Floats
from jobs.finetune.student.source.shape import StudentShape, shape_of_config
from jobs.finetune.student.source.weights_of_shape import gguf_names, require_no_others

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"
INDEX_NAME = "model.safetensors.index.json"
NUMPY_KINDS = ("F16", "F32", "F64")  # bfloat16 is known to torch alone, whose import takes long


class FolderStudent(NamedTuple):
    """A folder that was read: the shape, and in which file each tensor lies."""

    folder: Path
    shape: StudentShape
    file_of: dict[str, Path]


def read_folder(folder: Path) -> FolderStudent:
    """Read what a folder says of its model; the weights stay on disk until they are needed.

    Raises:
        ConfigError: a file is missing or damaged, the architecture is not known, or there are more
            weights than a network of that has.
    """
    config = read_json(folder / CONFIG_NAME)
    shape = shape_of_config(config, str(folder / CONFIG_NAME))
    file_of = _file_of_each(folder)
    known = (name for name, _ in gguf_names(shape))
    require_no_others(file_of, known, str(folder))
    return FolderStudent(folder, shape, file_of)


def _file_of_each(folder: Path) -> dict[str, Path]:
    index_path = folder / INDEX_NAME
    if index_path.exists():
        names = read_json(index_path).get("weight_map")
        if not isinstance(names, dict) or not all(isinstance(f, str) for f in names.values()):
            raise ConfigError(f"{index_path}: expected a weight_map of names and files")
        return {name: folder / file for name, file in names.items()}
    path = folder / WEIGHTS_NAME
    if not path.is_file():
        raise ConfigError(
            f"{folder}: holds neither {WEIGHTS_NAME} nor {INDEX_NAME}: pickled weights are not "
            "read, since they can run programs"
        )
    return dict.fromkeys(_names_in(path), path)


def folder_weights(student: FolderStudent) -> Iterator[tuple[str, Floats]]:
    """Each matrix and vector by name, as 32-bit floats.

    Raises:
        ConfigError: one is missing, or its file is damaged.
    """
    for name, _ in gguf_names(student.shape):
        path = student.file_of.get(name)
        if path is None:
            raise ConfigError(f"{student.folder}: holds no tensor {name}: it is incomplete")
        values = _read_tensor(path, name)
        if not np.isfinite(values).all():
            raise ConfigError(f"{path}: {name} holds numbers that are not finite")
        yield name, values


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        ConfigError: it is not there, or is no JSON object.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: is not JSON ({error})") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{path}: found {type(found).__name__}, expected a JSON object")
    return found


def _names_in(path: Path) -> list[str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            return list(file.keys())
    except (SafetensorError, OSError) as error:
        raise ConfigError(f"{path}: is no safetensors file that can be read ({error})") from error


def _read_tensor(path: Path, name: str) -> Floats:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            if file.get_slice(name).get_dtype() in NUMPY_KINDS:
                return np.asarray(file.get_tensor(name), np.float32)
        with safe_open(path, "pt") as file:
            return np.asarray(file.get_tensor(name).float().numpy())
    except (SafetensorError, OSError) as error:
        raise ConfigError(f"{path}: {name} cannot be read ({error})") from error
