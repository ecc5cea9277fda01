"""What holds for all unit tests."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _unsynced_disk() -> Iterator[None]:
    """No unit test sees a power cut, so none waits for the disk; crash tests do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)
        yield
