"""`distill finetune --trainer local` as a process of its own, on tiny random students."""

import re
import signal
import time
from pathlib import Path

from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.finetune.student.training.learning_curve import CURVE_NAME, LearningCurve
from jobs.finetune.student.tuned_student import STUDENT_DIR, TunedStudent, read_tuned
from jobs.settings.run_config import read_run_config
from schemas.finetuning import TrainingMetric, TuningEvent
from tests.integration.jobs.finetune.student.tunings import (
    MOST_S,
    make_run,
    start,
    tune,
    tune_by_interpreters,
)
from tests.unit.jobs.finetune.rows import write_held_out
from tests.unit.jobs.finetune.student.own_templates import (
    THINKS,
    WRITES_DATE,
)
from tests.unit.jobs.finetune.student.tiny_students import (
    make_folder,
    make_gguf,
    tiny_shape,
)

QUICK = ("--set", "student.learning_rate=0.002", "--epochs", "3")


def tuned_in(folder: RunFolder) -> list[tuple[Path, TunedStudent]]:
    folders = sorted((folder.run_dir / STUDENT_DIR).iterdir())
    return [(path, found) for path in folders if (found := read_tuned(path)) is not None]


def check_files(path: Path, name: str) -> None:
    """Everything is exported, and the card of the GGUFs names each of them."""
    files = {str(each.relative_to(path)) for each in path.rglob("*") if each.is_file()}
    assert {
        *("adapter/adapter_model.safetensors", "adapter/README.md", "merged/model.safetensors"),
        *("merged/README.md", "merged/config.json", "gguf/Modelfile", "gguf/README.md"),
        *(f"gguf/{name}-{form}.gguf" for form in ("f16", "q8_0", "adapter")),
    } <= files
    assert "checkpoint.safetensors" not in files
    card = (path / "gguf" / "README.md").read_text()
    in_card = {line.split("`")[1] for line in card.splitlines() if line.startswith("| `")}
    assert in_card == {each.name for each in (path / "gguf").iterdir()} - {"README.md"}


def test_a_folder_is_tuned_exported_compared_and_recorded(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    reference = "The magpie is here, 7."
    write_held_out(folder.dataset_dir / "held_out.jsonl", "Where is the magpie now?", reference)
    student = make_folder(tmp_path / "tiny", tiny_shape("qwen2", ties=False))
    lora = ("--set", "student.method=lora", "--set", "student.rank=4")

    code, out, err = tune_by_interpreters(folder, "--student", str(student), *QUICK, *lora)
    again_code, again_out, again_err = tune(folder)

    assert (code, again_code) == (0, 0), err + again_err
    ((path, tuned),) = tuned_in(folder)
    assert tuned.facts.loss_before is not None
    assert tuned.facts.loss_after is not None
    assert tuned.facts.loss_after < tuned.facts.loss_before
    assert tuned.facts.held_out_count == 1
    assert tuned.facts.held_out_before is not None
    assert tuned.facts.held_out_after is not None
    assert tuned.facts.held_out_after < tuned.facts.held_out_before
    assert "loss on 1 held-out questions: " in out
    assert "served with 0." in out
    assert all((report.memory_bytes or 0) > 10_000_000 for report in tuned.parity)
    assert all(report.is_passed for report in tuned.parity)
    assert tuned.model_name in out
    assert tuned.model_name in again_out
    assert "step" in err
    assert "step" not in again_err  # it was there, and nothing was trained again
    check_files(path, tuned.model_name)
    last = list(read_records(folder.results_path("finetuning"), TuningEvent))[-1]
    assert (last.step, last.trainer, last.tuned_model) == ("ended", "local", tuned.model_name)
    metrics = list(read_records(folder.results_path("finetuning_metrics"), TrainingMetric))
    assert len(metrics) == tuned.facts.steps
    assert any(metric.valid_loss is not None for metric in metrics)
    remembered = read_run_config(folder.config_path)
    assert remembered is not None
    assert remembered.settings.student.trainer == "local"


def test_a_gguf_is_tuned_in_all_weights_and_nothing_of_it_is_lost_by_the_next(
    tmp_path: Path,
) -> None:
    folder = make_run(tmp_path / "run")
    student = make_gguf(tmp_path / "tiny.gguf")

    code, _, err = tune(folder, "--student", str(student), *QUICK)
    other_code, _, other_err = tune(folder, "--set", "student.seed=1")

    assert (code, other_code) == (0, 0), err + other_err
    tuned = [found for _, found in tuned_in(folder)]
    assert [each.plan.seed for each in sorted(tuned, key=lambda t: t.plan.seed)] == [0, 1]
    assert {each.plan.method for each in tuned} == {"full"}
    modelfile = (tuned_in(folder)[0][0] / "gguf" / "Modelfile").read_text()
    assert "FROM ./tiny-tuned-" in modelfile
    assert "{{ .Prompt }}<|end_of_turn|>" in modelfile
    assert "PARAMETER stop <|end_of_turn|>" in modelfile


def test_adapters_of_a_gguf_that_thinks_and_knows_the_date_are_served_as_they_learnt(
    tmp_path: Path,
) -> None:
    """Its own file would be asked otherwise than the student learns: the base is written anew."""
    folder = make_run(tmp_path / "run")
    student = make_gguf(
        tmp_path / "tiny.gguf",
        tiny_shape("qwen3"),
        template=WRITES_DATE.partition("On {{")[0] + THINKS,
    )

    lora = ("--set", "student.method=lora", "--set", "student.rank=4", "--epochs", "1")
    code, _, err = tune(folder, "--student", str(student), *lora)

    assert code == 0, err
    ((path, tuned),) = tuned_in(folder)
    assert tuned.base_path == Path("gguf/tiny-untuned-q8_0.gguf")
    assert tuned.adapter_path is not None
    assert all(report.is_passed for report in tuned.parity)
    card = (path / "gguf" / "README.md").read_text()
    assert "| `tiny-untuned-q8_0.gguf` | tiny as it was before, to compare with |" in card


def test_an_interrupted_training_goes_on_with_the_same_command(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", rows=200)
    student = make_folder(tmp_path / "tiny")
    process = start(folder, "--student", str(student), "--epochs", "50")
    assert process.stderr is not None
    shown = ""
    while not re.search(r"step [\d,]+ of ", shown):
        line = process.stderr.readline().decode()
        assert line, shown
        shown += line

    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=MOST_S)

    assert process.returncode == 130, shown + rest.decode()
    assert "same command" in rest.decode()
    assert tuned_in(folder) == []
    assert not any(_works_in(pid, tmp_path) for pid in _processes())


def _processes() -> list[str]:
    return [each.name for each in Path("/proc").iterdir() if each.name.isdecimal()]


def _works_in(pid: str, folder: Path) -> bool:
    until_s = time.monotonic() + 5.0
    while time.monotonic() < until_s:
        try:
            opened = [str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()]
        except OSError:
            return False
        if not any(name.startswith(str(folder)) for name in opened):
            return False
        time.sleep(0.1)
    return True


def test_a_learning_curve_is_drawn_once(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", rows=40)
    student = make_folder(tmp_path / "tiny")

    code, out, err = tune(folder, "--student", str(student), *QUICK, "--learning-curve")
    again_code, again_out, again_err = tune(folder, "--learning-curve")

    assert (code, again_code) == (0, 0), err + again_err
    assert "validation loss after parts of the rows: 5 rows " in out
    assert "twice as many (40 more, " in again_out
    assert "step" not in again_err  # nothing was trained again
    ((path, tuned),) = tuned_in(folder)
    curve = LearningCurve.model_validate_json((path / CURVE_NAME).read_bytes())
    assert [step.row_count for step in curve.steps] == [5, 10, 20, 40]
    assert curve.steps[-1].loss == tuned.facts.loss_after
