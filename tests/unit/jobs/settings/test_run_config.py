"""The config of a run over versions: an old one goes on, a newer one is refused as such."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from engine.errors import ConfigError, DamagedLogError
from jobs.settings.run_config import new_run_config, read_run_config, write_run_config
from schemas.settings import FORMAT_VERSION, RunSettings
from tests.rows import each_row

SETTINGS = RunSettings.model_validate({"documents_dir": "docs", "teacher": {"model": "m"}})
OF_VERSION_1 = """
documents_dir = "docs"

[teacher]
model = "m"

[evaluation]
judge_model = "j"

[run]
format_version = 1
version = "0.1.0"
run_id = "a"

[run.prompts]
"""


def test_what_this_version_writes_is_refused_by_name_by_one_that_knows_only_format_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    write_run_config(path, new_run_config(SETTINGS))
    monkeypatch.setattr("jobs.settings.run_config.FORMAT_VERSION", 1)

    with pytest.raises(ConfigError, match=r"has format 2, .* up to 1; install a newer"):
        read_run_config(path)


def test_config_of_format_1_is_read_and_is_of_this_format_once_it_is_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(OF_VERSION_1)

    config = read_run_config(path)
    assert config is not None
    write_run_config(path, config)
    again = read_run_config(path)

    assert config.run.format_version == 1
    assert config.settings.judge.model == "j"
    assert again is not None
    assert again.run.format_version == FORMAT_VERSION == 2
    assert again.settings == config.settings
    assert (again.run.run_id, again.run.prompts) == (config.run.run_id, config.run.prompts)


@each_row(
    "line, wrong, said",
    [
        (
            "target_tokens = 512",
            "target_tokens = 'many'",
            "chunks.target_tokens: expected a whole number, found 'many'",
        ),
        ("target_tokens = 512", "target_tokens = 9", "chunks.target_tokens: expected at least 32"),
        ("min_tokens = 40", "min_tokns = 40", "did you mean 'chunks.min_tokens'"),
        ('run_id = "r1"', 'run_id = ""', "run.run_id: expected a text that is not empty"),
    ],
)
def test_damaged_config_says_which_setting_is_wrong_and_what_to_do(
    line: str, wrong: str, said: str
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        config = new_run_config(RunSettings())
        identity = config.run.model_copy(update={"run_id": "r1"})
        write_run_config(path, config.model_copy(update={"run": identity}))
        text = path.read_text()
        assert line in text
        path.write_text(text.replace(line, wrong))

        with pytest.raises(DamagedLogError) as caught:
            read_run_config(path)

    assert str(path) in str(caught.value)
    assert said in str(caught.value)
    assert "--accept-changes" in str(caught.value)


@each_row("run", ["run = 1", "[run]", "[run]\nformat_version = 'x'", ""])
def test_config_without_a_sound_table_of_the_run_is_damaged(run: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"documents_dir = 'docs'\n{run}")

    with pytest.raises(DamagedLogError, match="is not the config of a run"):
        read_run_config(path)
