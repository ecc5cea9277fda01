"""What the classic commands take where nobody names it."""

from pathlib import Path

import pytest

from jobs.classic.command import with_usual_documents, with_usual_student
from jobs.settings.resolve import read_assignments, resolve_settings
from schemas.settings import RunSettings
from tests.rows import each_row


def make_settings(*assignments: str) -> RunSettings:
    return resolve_settings([read_assignments(assignments)])


def test_the_student_is_tuned_here_where_nobody_names_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    settings = with_usual_student(make_settings())

    assert (settings.student.trainer, settings.student.model) == ("local", "")
    assert "SmolLM2-135M-Instruct, tuned on this machine" in caplog.text


def test_a_file_is_tuned_here(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.touch()

    settings = with_usual_student(make_settings(f"student.model={path}"))

    assert settings.student.trainer == "local"


@each_row(
    "named",
    [
        "student.model=gpt-4.1-mini",
        "student.base_url=http://localhost:8000/v1",
        "student.trainer=export",
        "tuned.model=mine",
        "baseline.model=mine",
    ],
)
def test_who_names_a_student_has_that_one(named: str) -> None:
    settings = make_settings(named)

    assert with_usual_student(settings) is settings


def test_documents_are_those_beside_where_nobody_names_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    without = with_usual_documents(make_settings())
    (tmp_path / "documents").mkdir()

    usual = with_usual_documents(make_settings())
    named = with_usual_documents(make_settings("documents_dir=elsewhere"))

    assert without.documents_dir is None
    assert usual.documents_dir == tmp_path / "documents"
    assert named.documents_dir == tmp_path / "elsewhere"
