import re
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

from engine.errors import ConfigError
from jobs.run.changing.changes import read_touches
from jobs.settings.resolve import (
    Layer,
    read_assignments,
    read_config_file,
    read_environment,
    resolve_settings,
    setting_keys,
)
from schemas.settings.touches import Touches
from tests.rows import each_row


def test_later_layers_win_key_by_key(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[teacher]\nmodel = "from-file"\n[limits]\nmax_in_flight = 3\n')

    settings = resolve_settings(
        [
            read_config_file(path),
            read_environment({"DISTILL_TEACHER_MODEL": "from-env", "HOME": "/"}),
            read_assignments(["questions.per_chunk=5", "limits.max_in_flight=4"]),
        ]
    )

    assert settings.teacher.model == "from-env"
    assert settings.limits.max_in_flight == 4
    assert settings.questions.per_chunk == 5


@each_row(
    "key, nearest",
    [("teacher.modle", "teacher.model"), ("chunk.target_tokens", "chunks.target_tokens")],
)
def test_unknown_key_is_an_error_that_names_the_nearest(
    tmp_path: Path, key: str, nearest: str
) -> None:
    section, name = key.split(".")
    path = tmp_path / "c.toml"
    path.write_text(f"[{section}]\n{name} = 1\n")

    with pytest.raises(ConfigError, match=rf"c\.toml: unknown key '{section}.*did you mean") as e:
        resolve_settings([read_config_file(path)])

    assert nearest.split(".")[0] in str(e.value)


def test_wrong_value_names_source_key_and_what_was_found() -> None:
    with pytest.raises(ConfigError, match=r"the environment: questions\.per_chunk: .*found 'many'"):
        resolve_settings([read_environment({"DISTILL_QUESTIONS_PER_CHUNK": "many"})])


def test_wrong_entry_of_a_list_names_its_source_too() -> None:
    with pytest.raises(ConfigError, match=r"--set: questions.personas.0: .* found 1"):
        resolve_settings([read_assignments(["questions.personas=[1]"])])


def test_section_that_is_no_table_is_an_error() -> None:
    with pytest.raises(ConfigError, match="--set: teacher"):
        resolve_settings([read_assignments(["teacher=5"])])


def test_section_that_is_no_table_is_an_error_below_a_layer_that_has_one() -> None:
    layers = [
        Layer("distill.toml", {"teacher": "gpt-6-luna"}),
        read_assignments(["teacher.model=m"]),
    ]

    with pytest.raises(ConfigError, match=r"distill\.toml: teacher: expected a table of names"):
        resolve_settings(layers)


def test_unknown_variable_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'DISTILL_TEACHER_MODEL'"):
        read_environment({"DISTILL_TEACHER_MODELL": "x"})


def test_file_that_is_not_toml_says_where(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("a = = 1\n")

    with pytest.raises(ConfigError, match=r"c\.toml: is not a TOML file: .*line 1"):
        read_config_file(path)


def test_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as error:
        resolve_settings([Layer("x", {"teacher": {"base_url": "https://me:hush@host/v1"}})])

    assert "hush" not in str(error.value)


def test_provider_brings_its_own_defaults_and_they_can_be_overridden() -> None:
    local = resolve_settings([read_assignments(['teacher.provider="local"'])])
    other = resolve_settings(
        [read_assignments(["teacher.provider=local", "teacher.prompt_profile=standard"])]
    )

    assert local.teacher.prompt_profile == "small"
    assert local.teacher.embedding_model
    assert other.teacher.prompt_profile == "standard"
    assert resolve_settings([]).teacher.model


@cache
def example_text() -> str:
    return files("jobs.settings").joinpath("example_config.toml").read_text("utf-8")


def test_example_shows_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "distill.toml"
    path.write_text(example_text())

    assert resolve_settings([read_config_file(path)]) == resolve_settings([])


@each_row("key", list(setting_keys()))
def test_example_names_every_key_and_says_what_a_change_does(key: str) -> None:
    section, _, name = key.rpartition(".")
    part = example_text()
    if section:
        part = part[part.index(f"[{section}]") :].split("\n[")[0]
    if key in ("questions.kind_weights", "prices"):
        part, name = example_text(), f"[{key}"

    line = re.search(rf"^(?:# )?(?:{re.escape(name)} = |{re.escape(name)}).*$", part, re.M)

    assert line is not None, f"jobs/settings/example_config.toml has no line for {key}"
    mark = {"requests": "[asks anew]", "threshold": "[free]"}
    touches = read_touches()[key]
    expected = mark[touches.effect] if isinstance(touches, Touches) else None
    found = [each for each in mark.values() if each in line[0]]
    assert found == ([expected] if expected else []), f"example_config.toml: the mark of {key}"


def test_relative_folder_is_kept_as_an_absolute_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "sub" / "c.toml"
    path.parent.mkdir()
    path.write_text('documents_dir = "docs"\n')

    by_variable = resolve_settings([read_environment({"DISTILL_DOCUMENTS_DIR": "docs"})])
    by_flag = resolve_settings([read_assignments(["documents_dir=docs"])])
    by_file = resolve_settings([read_config_file(path)])

    assert by_variable.documents_dir == by_flag.documents_dir == tmp_path / "docs"
    assert by_file.documents_dir == tmp_path / "sub" / "docs"


def test_home_of_nobody_is_an_error_and_no_traceback() -> None:
    with pytest.raises(ConfigError, match="~nobody-here/docs: there is no such user"):
        resolve_settings([read_assignments(["documents_dir=~nobody-here/docs"])])


def test_switched_provider_drops_what_was_set_for_the_former_one() -> None:
    former = resolve_settings([read_assignments(["questions.per_chunk=2"])])
    former_layer = Layer("config.toml", former.model_dump(mode="json", exclude_none=True))

    local = resolve_settings([former_layer, read_assignments(["teacher.provider=local"])])
    local_layer = Layer("config.toml", local.model_dump(mode="json", exclude_none=True))
    back = resolve_settings([local_layer, read_assignments(["teacher.provider=openai"])])
    kept = resolve_settings([local_layer, read_assignments(["teacher.provider=local"])])

    assert local.teacher.model.startswith("SmolLM2")
    assert local.teacher.prompt_profile == "small"
    assert local.questions.per_chunk == 2
    assert back == former
    assert kept == local


def test_folder_whose_name_is_not_utf_8_is_an_error() -> None:
    with pytest.raises(ConfigError, match="not UTF-8: rename it"):
        resolve_settings([Layer("command line", {"documents_dir": "do\udcffcs"})])
