"""A folder that machines mount, as a store."""

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest

from engine.errors import TransientError
from jobs.send.sharded.outside.stores import TEMPORARY, FolderStore


def test_names_are_those_that_begin_alike_in_any_folder_and_are_whole(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for name in ("top", "parts/b", "parts/a", "parts/deeper/c", "parties/d"):
        store.put_new(name, b"data")
    (tmp_path / "parts" / f"{TEMPORARY}1").write_bytes(b"da")

    assert store.names("parts/") == ["parts/a", "parts/b", "parts/deeper/c"]
    assert store.names("parts/d") == ["parts/deeper/c"]
    assert store.names("nowhere/") == store.names("top/") == []
    assert len(store.names("")) == 5


def test_folder_that_cannot_be_listed_is_away_and_not_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(tmp_path)
    store.put_new("parts/a", b"data")

    def fail(path: object) -> NoReturn:
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(os, "scandir", fail)

    with pytest.raises(TransientError, match="Stale file handle"):
        store.names("parts/")
