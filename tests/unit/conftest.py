"""What holds for all unit tests."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

IN_MEMORY = Path("/dev/shm")  # of Linux: making a file costs a tenth of what it does on a disk
ROOM_BYTES = 1 << 30  # all unit tests write less than a tenth of it
PROCESSES = Path("/proc")
PREFIX = "unit-tests-of-"  # the process of this id
MAX_NAME_CHARS = 30  # as pytest has it: sockets in it have short names


@pytest.fixture(scope="session", autouse=True)
def _unsynced_disk() -> Iterator[None]:
    """No unit test sees a power cut, so none waits for the disk; crash tests do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)
        yield


@pytest.fixture(scope="session")
def make_folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Path]]:
    """Makes an empty folder for a test of this name.

    Those of a session in which a test fails stay until the next one begins.
    """
    for left in IN_MEMORY.glob(f"{PREFIX}*"):
        process_id = left.name.removeprefix(PREFIX)
        if process_id == f"{os.getpid()}" or not (PROCESSES / process_id).exists():
            shutil.rmtree(left, ignore_errors=True)
    is_roomy = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ROOM_BYTES
    root = (IN_MEMORY if is_roomy else tmp_path_factory.getbasetemp()) / f"{PREFIX}{os.getpid()}"
    root.mkdir(mode=0o700)
    numbers = count(1)

    def make_numbered(name: str) -> Path:
        plain = re.sub(r"\W", "_", name)[:MAX_NAME_CHARS]
        folder = root / f"{plain}{next(numbers)}"
        folder.mkdir()
        return folder

    yield make_numbered
    if not request.session.testsfailed:
        shutil.rmtree(root)


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, make_folder: Callable[[str], Path]) -> Path:
    """As pytest's, which looks through the folders of all other tests to number it."""
    return make_folder(request.node.name)
