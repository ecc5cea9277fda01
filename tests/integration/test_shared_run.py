"""Tests that are shared out to several processes are told as if one had run them."""

import os
from pathlib import Path

import pytest

from tests.forked import run_forked

CONFTEST = "from tests.conftest import pytest_configure\n"
MANY = """
import pytest

@pytest.mark.parametrize("number", range(40))
def test_passes(number, tmp_path):
    (tmp_path / "file").touch()
"""
ODD = """
import os, warnings
import pytest

@pytest.fixture(scope="session")
def whole():
    yield
    raise RuntimeError("the fixture does not end well")

def test_fails(whole):
    print("what was printed")
    assert [1] == [2]

def test_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("a warning")

def test_is_skipped():
    pytest.skip("the reason")
"""
SHARED = """
def test_one(folder): assert folder.name == "whole0"

def test_two(folder): assert folder.name == "whole0"
"""
PACKAGE = """
import os, pytest
made = os.environ["MADE"]

@pytest.fixture(scope="package")
def folder(tmp_path_factory):
    with open(made, "a") as file:
        file.write("made\\n")
    return tmp_path_factory.mktemp("whole")
"""


def run(folder: Path, *flags: str, **modules: str) -> tuple[int, str]:
    """The exit code and what is printed, by two processes."""
    (folder / "conftest.py").write_text(CONFTEST)
    for name, text in modules.items():
        (folder / f"test_{name}.py").write_text(text)
    given = ["-n", "2", "-p", "xdist", "-p", "no:cacheprovider", "-c", os.devnull, *flags]
    ran = run_forked(
        ["-m", "pytest", "--rootdir", str(folder), *given, str(folder)],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_all_is_told_once(tmp_path: Path) -> None:
    code, said = run(tmp_path, "-ra", many=MANY, odd=ODD)

    assert code == 1
    assert "1 failed, 41 passed, 1 skipped, 1 warning, 1 error" in said
    for part in ("the fixture does not end well", "what was printed", "UserWarning: a warning"):
        assert part in said
    assert "SKIPPED [1]" in said


def test_process_that_dies_is_told_with_its_test(tmp_path: Path) -> None:
    code, said = run(tmp_path, many=MANY, dies="import os\ndef test_dies(): os._exit(0)")

    assert code == 1
    assert "a process of the tests has died in test_dies.py::test_dies" in said


def test_first_failure_ends_all_where_that_is_wanted(tmp_path: Path) -> None:
    waits = "import time\ndef test_waits(): time.sleep(600)"
    fails = "import time\ndef test_fails():\n    time.sleep(0.2)\n    assert False"

    code, said = run(tmp_path, "-x", fails=fails, waits=waits)

    assert code == 1
    assert "stopping after 1 failures" in said


def test_fixture_of_a_folder_is_made_by_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_path, folder = tmp_path / "made", tmp_path / "tests" / "shared"
    monkeypatch.setenv("MADE", str(made_path))
    folder.mkdir(parents=True)
    (folder / "conftest.py").write_text(PACKAGE)
    for name in ("first", "second", "third"):
        (folder / f"test_{name}.py").write_text(SHARED)

    code, said = run(folder.parent, many=MANY)

    assert code == 0, said
    assert made_path.read_text() == "made\n"
