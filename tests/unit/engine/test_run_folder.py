import stat
from pathlib import Path

from engine.run_folder import RunFolder


def test_folder_is_its_owners_alone_also_one_that_was_there_before(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.run_dir.mkdir(mode=0o755)

    folder.create()

    assert stat.S_IMODE(folder.run_dir.stat().st_mode) == 0o700
