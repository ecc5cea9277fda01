"""Every command has its task and examples; examples and the commands of the docs can be called."""

import re
import shlex

import pytest
import typer
from typer.core import TyperGroup

from jobs.cli import make_app
from jobs.command_list import COMMANDS
from tests.documented import DOCS, ROOT, commands_of
from tests.rows import each_row

APP = typer.main.get_command(make_app(list(COMMANDS)))

DOCUMENTED = [arguments for path in DOCS for arguments in commands_of(path)]


def parse(arguments: str) -> str | None:
    """Read a command line as `distill` does, and call nothing; returns the command's name."""
    name, *rest = shlex.split(arguments)
    assert isinstance(APP, TyperGroup)
    assert name in APP.commands
    return APP.commands[name].make_context(name, rest).info_name


def test_every_module_of_commands_is_listed() -> None:
    paths = {path.with_suffix("") for path in (ROOT / "jobs" / "commands").rglob("*.py")}
    modules = {".".join(path.relative_to(ROOT).parts) for path in paths if path.stem != "__init__"}

    named = {f"{listed.task.room}.{name.replace('-', '_')}" for name, listed in COMMANDS.items()}
    assert modules - {"jobs.commands.options", "jobs.commands.flag_groups"} == named


@each_row("name", COMMANDS)
def test_examples_of_a_command_can_be_called(name: str) -> None:
    assert COMMANDS[name].examples
    for example in COMMANDS[name].examples:
        line = example.partition(">")[0]
        assert line.startswith(f"distill {name}")
        assert parse(line.removeprefix("distill ")) == name


@each_row("arguments", DOCUMENTED)
def test_command_of_the_docs_can_be_called(arguments: str) -> None:
    assert parse(arguments) == arguments.split()[0]


def test_docs_have_commands_to_look_at() -> None:
    assert len(DOCUMENTED) > 40


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_shows_the_examples(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        APP(["costs", flag], prog_name="distill")

    assert "distill costs RUN --by day,model" in capsys.readouterr().out


def test_overview_is_by_task(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        APP(["--help"], prog_name="distill")

    shown = capsys.readouterr().out
    places = [shown.index(listed.task.title) for listed in COMMANDS.values()]
    assert places == sorted(places)


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        APP(["--version"], prog_name="distill")

    assert ended.value.code == 0
    assert re.fullmatch(r"corpus-distill \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)
