from pathlib import Path

from engine.files.records import encode_record
from engine.run_folder import RunFolder
from jobs.evaluation.evaluated_models import evaluated_models, find_baseline
from jobs.settings.resolve import read_assignments, resolve_settings
from schemas.finetuning import TuningEvent
from schemas.settings import RunSettings
from tests.rows import each_row


def settings_of(*assignments: str) -> RunSettings:
    return resolve_settings([read_assignments(["teacher.model=strong", *assignments])])


def tuned_run(tmp_path: Path, base: str, tuned: str) -> RunFolder:
    event = TuningEvent(
        event_id="00000001",
        job_name="job",
        step="ended",
        at="2026-11-28T00:00:00+00:00",
        trainer="openai",
        base_model=base,
        train_sha256="",
        validation_sha256="",
        tuned_model=tuned,
    )
    folder = RunFolder(tmp_path)
    folder.results_path("finetuning").write_bytes(encode_record(event) + b"\n")
    return folder


def test_the_baseline_is_the_model_that_was_tuned(tmp_path: Path) -> None:
    folder = tuned_run(tmp_path, "weak", "ft:weak:1")

    assert evaluated_models(folder, settings_of()) == {
        "baseline": "weak",
        "tuned": "ft:weak:1",
        "teacher": "strong",
    }


@each_row(
    "assignments, baseline",
    [
        (["evaluation.tuned_model=ft:gpt-4.1-mini:o::i"], "gpt-4.1-mini"),
        (["evaluation.tuned_model=mine", "student.model=weak"], "weak"),
        (["evaluation.tuned_model=ft:a:o::i", "evaluation.baseline_model=weak"], "weak"),
        ([], ""),
    ],
)
def test_the_baseline_is_never_guessed(
    tmp_path: Path, assignments: list[str], baseline: str
) -> None:
    assert find_baseline(RunFolder(tmp_path), settings_of(*assignments)) == baseline
