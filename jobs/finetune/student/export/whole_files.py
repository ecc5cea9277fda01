"""Files that libraries write, and that take their place only once they are whole."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import StorageError
from engine.files.replace import sync_path


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """A path to write to, which takes the place of `path` when the block ends well, durably.

    Raises:
        StorageError: the disk refused it; `path` is as it was.
    """
    new_path = path.with_name(path.name + ".new")
    try:
        yield new_path
        sync_path(new_path)
        new_path.replace(path)
        sync_path(path.parent)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error}); free or mend the disk") from error
    finally:
        new_path.unlink(missing_ok=True)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """The same for a folder that is written anew; a former one is gone for a moment.

    Raises:
        StorageError: the disk refused it.
    """
    new_folder = folder.with_name(folder.name + ".new")
    try:
        shutil.rmtree(new_folder, ignore_errors=True)
        new_folder.mkdir()
        yield new_folder
        for path in new_folder.iterdir():
            sync_path(path)
        shutil.rmtree(folder, ignore_errors=True)
        new_folder.replace(folder)
        sync_path(folder.parent)
    except OSError as error:
        raise StorageError(
            f"{folder}: cannot be written ({error}); free or mend the disk"
        ) from error
