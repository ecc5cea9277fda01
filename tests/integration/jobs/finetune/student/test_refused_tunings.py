"""`distill finetune --trainer local` refuses what it cannot train, or serve, in one message."""

import json
from pathlib import Path

import pytest

from jobs.finetune.student.tuned_student import STUDENT_DIR
from jobs.settings.run_config import read_run_config
from tests.integration.jobs.finetune.student.tunings import make_run, tune
from tests.unit.jobs.finetune.student.own_templates import IS_UNKNOWN_TO_LLAMA_CPP
from tests.unit.jobs.finetune.student.tiny_students import make_folder


def test_a_student_that_llama_cpp_cannot_ask_is_refused_before_the_first_step(
    tmp_path: Path,
) -> None:
    folder = make_run(tmp_path / "run")
    student = make_folder(tmp_path / "tiny", template=IS_UNKNOWN_TO_LLAMA_CPP)

    code, _, err = tune(folder, "--student", str(student))

    assert code == 2
    assert "nothing was trained: llama.cpp cannot serve a student with this" in err
    assert "validation loss before" not in err
    assert "Traceback" not in err


BAD: list[tuple[str, str]] = [
    ("no rows", "found 0 rows, expected at least 2"),
    ("one row", "found 1 rows, expected at least 2"),
]


@pytest.mark.parametrize(("what", "message"), BAD)
def test_too_few_rows_are_one_message(tmp_path: Path, what: str, message: str) -> None:
    folder = make_run(tmp_path / "run", rows=0 if what == "no rows" else 1)
    if what == "no rows":
        (folder.dataset_dir / "train.jsonl").write_text("")

    code, _, err = tune(folder, "--student", str(make_folder(tmp_path / "tiny")))

    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_a_student_that_cannot_be_read_is_not_remembered(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF and no more")

    code, _, err = tune(folder, "--student", str(path))

    assert code == 2
    assert f"{path}: is no GGUF that can be read" in err
    remembered = read_run_config(folder.config_path)
    assert remembered is not None
    assert remembered.settings.student.model == ""


def test_long_rows_are_named_and_nothing_is_dropped(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    path = folder.dataset_dir / "train.jsonl"
    lines = path.read_text().splitlines()
    row = json.loads(lines[4])
    row["messages"][1]["content"] = "word " * 300
    lines[4] = json.dumps(row)
    path.write_text("\n".join(lines) + "\n")

    code, _, err = tune(folder, "--student", str(make_folder(tmp_path / "tiny")))

    assert code == 2
    assert f"{path}:5: found " in err
    assert "the student reads 512" in err
    assert not (folder.run_dir / STUDENT_DIR).exists()
