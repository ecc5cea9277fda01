import os
from pathlib import Path

import pytest

from engine.errors import ConfigError, DamagedLogError
from jobs.send.result_files import (
    ResultFiles,
    check_paths,
    result_paths,
)
from tests.unit.engine.files.open_files import open_files


def test_output_that_is_no_file_is_refused_before_anything_is_paid_for(tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")

    with pytest.raises(ConfigError, match="pipe: is a device or a pipe"):
        check_paths(None, result_paths(pipe))


def test_files_of_which_one_is_damaged_leave_none_open(tmp_path: Path) -> None:
    paths = result_paths(tmp_path / "out.jsonl")
    paths.errors.write_bytes(b"\0\0\n\0\n")

    with pytest.raises(DamagedLogError, match="errors"):
        ResultFiles(paths)

    assert not [path for path in open_files() if path.parent == tmp_path]
