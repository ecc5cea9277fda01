"""`distill init`: a commented example of a settings file."""

from pathlib import Path
from typing import Annotated

import typer

from engine.errors import ConfigError

USUAL_NAME = "distill.toml"  # of jobs.settings.command, which takes long to import


def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path(USUAL_NAME),
) -> None:
    """Write a commented example of a settings file."""
    from importlib.resources import files

    text = files("jobs.settings").joinpath("example_config.toml").read_text(encoding="utf-8")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigError(f"{path}: exists already; name another file") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    if path.name == USUAL_NAME and path.parent == Path():
        print(f"wrote {path}; commands that are called in this folder read it")
    else:
        print(f"wrote {path}; use it with: distill run RUN --config {path}")
