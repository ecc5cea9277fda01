"""Files that take the place of others."""

import os
import stat
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.files.replace import replace_file


def test_lines_take_the_place_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"former\n")

    assert replace_file(path, [b"1", b"2"]) == 2
    assert path.read_bytes() == b"1\n2\n"
    assert list(tmp_path.iterdir()) == [path]


def test_no_file_takes_the_place_of_a_pipe_or_device(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)

    for path in (pipe, link):
        with pytest.raises(ConfigError, match=f"{path.name}: is a device, a pipe or a folder"):
            replace_file(path, [b"1"])

    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert link.is_symlink()
