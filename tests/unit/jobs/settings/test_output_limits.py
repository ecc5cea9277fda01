from pathlib import Path

from engine.run_folder import RunFolder
from jobs.settings.command import run_settings
from jobs.settings.resolve import read_assignments, resolve_settings
from jobs.settings.run_config import new_run_config, write_run_config
from schemas.settings import RunSettings
from tests.rows import each_row


def limits_of(settings: RunSettings) -> tuple[int, int, int]:
    return (
        settings.questions.max_output_tokens,
        settings.answers.max_output_tokens,
        settings.evaluation.answer_max_output_tokens,
    )


def resolved(*assignments: str) -> RunSettings:
    return resolve_settings([read_assignments(assignments)])


@each_row(
    "assignments, limits",
    [
        ([], (2000, 2000, 2000)),
        (["teacher.model=gpt-4.1-mini"], (700, 900, 900)),
        (['teacher.parameters.reasoning_effort="none"'], (700, 900, 900)),
        (["answers.max_output_tokens=300"], (2000, 300, 2000)),
        (["teacher.model=gpt-4.1-mini", "baseline.model=o4-mini"], (700, 900, 2000)),
        (["teacher.provider=local"], (700, 900, 120)),
    ],
)
def test_a_model_that_reasons_has_room_for_it(
    assignments: list[str], limits: tuple[int, int, int]
) -> None:
    assert limits_of(resolved(*assignments)) == limits


def test_a_run_that_has_begun_keeps_its_limits(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    write_run_config(folder.config_path, new_run_config(RunSettings()))

    settings = run_settings(folder, None, {"teacher.model": "gpt-6.1-terra"}, [])

    assert limits_of(settings) == (700, 900, 900)
