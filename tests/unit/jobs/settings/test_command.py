import logging
from pathlib import Path

import pytest

from engine.run_folder import RunFolder
from jobs.settings.command import run_settings, send_settings
from jobs.settings.resolve import read_assignments, resolve_settings
from jobs.settings.run_config import new_run_config, write_run_config
from schemas.settings import RunSettings
from tests.rows import each_row

PRIVATE = "http://localhost:8000/v1"


def made_run(tmp_path: Path, *assignments: str) -> RunFolder:
    folder = RunFolder(tmp_path / "run")
    folder.create()
    settings = resolve_settings([read_assignments(assignments)])
    write_run_config(folder.config_path, new_run_config(settings))
    return folder


def go_on(folder: RunFolder, text: str, *assignments: str, **flags: object) -> RunSettings:
    path = folder.run_dir.parent / "distill.toml"
    path.write_text(text)
    given = {key.replace("__", "."): value for key, value in flags.items()}
    return run_settings(folder, path, given, assignments)


def test_what_a_file_does_not_name_stays_as_the_run_remembers_it(tmp_path: Path) -> None:
    remembered = (f"teacher.base_url={PRIVATE}", "budget.usd=5", "limits.tokens_per_minute=1000")
    folder = made_run(tmp_path, *remembered)

    settings = go_on(folder, "[limits]\nmax_attempts = 3\n")

    assert settings.teacher.base_url == PRIVATE
    assert settings.budget.usd == 5.0
    assert settings.limits.tokens_per_minute == 1000.0
    assert settings.limits.max_attempts == 3


def test_the_order_is_run_file_environment_flags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made_run(tmp_path, "budget.usd=1", "limits.max_in_flight=1", "limits.burst_s=1.5")
    monkeypatch.setenv("DISTILL_LIMITS_MAX_IN_FLIGHT", "3")
    monkeypatch.setenv("DISTILL_BUDGET_USD", "3")

    text = "[budget]\nusd = 2.0\n[limits]\nmax_in_flight = 2\nburst_s = 2.5\n"
    settings = go_on(folder, text, budget__usd=4.0)

    assert settings.budget.usd == 4.0
    assert settings.limits.max_in_flight == 3
    assert settings.limits.burst_s == 2.5


def test_what_stays_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = made_run(tmp_path, f"teacher.base_url={PRIVATE}", "budget.usd=5")

    with caplog.at_level(logging.INFO):
        go_on(folder, "[budget]\nusd = 6.0\n")

    assert "distill.toml does not name them: teacher.base_url (" in caplog.text


def test_weights_of_a_file_take_the_place_of_the_runs(tmp_path: Path) -> None:
    folder = made_run(tmp_path)

    settings = go_on(folder, "[questions.kind_weights]\nwhy = 1.0\n")

    assert settings.questions.kind_weights == {"why": 1.0}


def test_a_remembered_key_can_be_unset(tmp_path: Path) -> None:
    folder = made_run(tmp_path, "budget.usd=5")

    assert go_on(folder, "", "budget.usd=").budget.usd is None


@each_row(
    "assignment",
    [
        'prices."ft:gpt-4.1-mini:x".input=1',
        "prices.'ft:gpt-4.1-mini:x'.input=1",
        'prices."ft:gpt-4.1-mini:x".input = 1.0',
    ],
)
def test_a_name_with_dots_is_reached_in_quotes(assignment: str) -> None:
    output = assignment.replace("input", "output")

    settings = resolve_settings([read_assignments([assignment, output])])

    assert settings.prices["ft:gpt-4.1-mini:x"].input == 1.0


def test_a_name_in_quotes_may_hold_an_equals_sign() -> None:
    layer = read_assignments(['prices."a=b".input=1'])

    assert layer.tree == {"prices": {"a=b": {"input": 1}}}


def test_file_of_the_current_folder_is_read_and_named_with_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    usual = tmp_path / "distill.toml"
    usual.write_text(f'[teacher]\nbase_url = "{PRIVATE}"\n[limits]\nmax_in_flight = 5\n')

    with caplog.at_level(logging.INFO):
        settings = run_settings(RunFolder(tmp_path / "run"), None, {}, ["limits.max_attempts=2"])
        sent = send_settings(None, {}, [], [])

    assert settings.teacher.base_url == sent.teacher.base_url == PRIVATE
    assert settings.limits.max_in_flight == sent.limits.max_in_flight == 5
    assert f"settings are read from {usual} (teacher.base_url is {PRIVATE})" in caplog.text


def test_file_that_is_named_takes_the_place_of_the_current_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "distill.toml").write_text("[limits]\nmax_in_flight = 5\n")
    named = tmp_path / "other.toml"
    named.write_text("[limits]\nmax_attempts = 2\n")

    settings = run_settings(RunFolder(tmp_path / "run"), named, {}, [])

    assert settings.limits.max_attempts == 2
    assert settings.limits.max_in_flight == RunSettings().limits.max_in_flight


def test_table_of_parameters_in_a_file_takes_the_place_of_the_runs(tmp_path: Path) -> None:
    folder = made_run(tmp_path, "teacher.parameters.seed=7", "judge.parameters.seed=8")

    settings = go_on(folder, "[teacher.parameters]\ntop_p = 0.5\n")
    unset = go_on(folder, "", "teacher.parameters.seed=")

    assert settings.teacher.parameters == {"top_p": 0.5}
    assert settings.judge.parameters == {"seed": 8}
    assert unset.teacher.parameters == {}


def test_parameters_are_remembered_with_their_types(tmp_path: Path) -> None:
    given = 'teacher.parameters={ extra = { a = [1, 2.5, "x"] }, store = false }'
    folder = made_run(tmp_path, given)

    settings = go_on(folder, "")

    assert settings.teacher.parameters == {"extra": {"a": [1, 2.5, "x"]}, "store": False}
