from dataclasses import replace
from pathlib import Path

import pytest

from engine.files.journal import encode_outcome
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing.calls import chat_request, completed
from jobs.settings.resolve import read_assignments, resolve_settings
from jobs.settings.run_config import (
    RunConfig,
    new_run_config,
    read_run_config,
    with_settings,
    write_run_config,
)
from jobs.settings.unserved_models import forget_unserved


def config_of(*assignments: str) -> RunConfig:
    return new_run_config(resolve_settings([read_assignments(["teacher.model=m", *assignments])]))


def after(tmp_path: Path, before: RunConfig, *assignments: str) -> RunConfig:
    """What is remembered once a call with these settings has met a model that is not there."""
    folder = RunFolder(tmp_path / "run")
    folder.create()
    answered = replace(completed(chat_request("a")), model="served")
    replace_file(folder.journal_path, [encode_outcome(answered)])
    now = with_settings(before, config_of(*assignments).settings)
    write_run_config(folder.config_path, now)
    forget_unserved(folder, before)
    remembered = read_run_config(folder.config_path)
    assert remembered is not None
    return remembered


def test_roles_have_again_what_they_had_where_the_model_never_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = config_of("judge.model=first")

    found = after(
        tmp_path,
        before,
        *("judge.model=nobody", "judge.of_rows=true", "tuned.model=served", "budget.usd=3"),
    )

    assert found.settings.judge == before.settings.judge
    assert found.run == before.run
    assert found.settings.tuned.model == "served"
    assert found.settings.budget.usd == 3
    (told,) = caplog.messages
    assert told.startswith("judge.model: nobody has never answered and is not remembered")


def test_models_that_have_answered_are_remembered(tmp_path: Path) -> None:
    found = after(tmp_path, config_of("judge.model=first"), "judge.model=served")

    assert found.settings.judge.model == "served"
