from pathlib import Path

import tomli_w

from jobs.settings.former_defaults import FORMER_DEFAULTS, settings_for_ids
from jobs.settings.resolve import setting_keys
from jobs.settings.run_config import new_run_config, read_run_config, write_run_config
from schemas.settings import RunSettings


def config_of(path: Path, tree: dict[str, object]) -> RunSettings:
    run = {"format_version": 1, "version": "0.1.0", "run_id": "r", "prompts": {}}
    path.write_text(tomli_w.dumps({**tree, "run": run}))
    config = read_run_config(path)
    assert config is not None
    return config.settings


def test_run_that_names_no_filters_keeps_those_that_it_was_made_with(tmp_path: Path) -> None:
    settings = config_of(tmp_path / "config.toml", {"questions": {"per_chunk": 2}})

    assert settings.questions.filters == settings.answers.filters == "phrases"
    assert settings.questions.per_chunk == 2


def test_new_run_keeps_its_own_settings(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"

    write_run_config(path, new_run_config(RunSettings()))

    config = read_run_config(path)
    assert config is not None
    assert config.settings == RunSettings()


def test_former_defaults_are_of_settings_that_there_are() -> None:
    assert set(FORMER_DEFAULTS) <= set(setting_keys())


def test_settings_that_keep_what_was_done_before_they_were_there_change_no_id() -> None:
    before = RunSettings().questions.model_copy(update={"filters": "phrases"})

    assert "filters" not in settings_for_ids("questions", before)
    assert "kinds" not in settings_for_ids("questions", before)
    assert "per_chunk" in settings_for_ids("questions", before)
    assert "filters" in settings_for_ids("questions", RunSettings().questions)
    unset = {"embedding_model", "max_same_meaning"}  # what they compare is no part of a call
    assert not unset & settings_for_ids("questions", RunSettings().questions).keys()
