"""A group of flags among the parameters of a command is spread over the command line."""

import inspect
from typing import Annotated, NamedTuple

import pytest
import typer
from typer.testing import CliRunner

from jobs.commands.flag_groups import spread_groups


class Dough(NamedTuple):
    """A group, whose first flag must be given."""

    flour: Annotated[str, typer.Option(help="What it is made of.")]
    rests_h: Annotated[int, typer.Option("--rests", help="How many hours.")] = 12


def bake(
    name: str,
    *,
    loaves: int = 1,
    dough: Dough,
    is_sliced: Annotated[bool, typer.Option("--sliced")] = False,
) -> None:
    """Bake bread."""
    typer.echo(f"{name} {loaves} {dough} {is_sliced}")


def call(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(spread_groups(bake))
    return CliRunner().invoke(app, arguments, catch_exceptions=False).output


def test_command_gets_its_groups() -> None:
    shown = call("rye", "--flour", "whole", "--rests", "3", "--sliced")

    assert shown == f"rye 1 {Dough('whole', 3)} True\n"


def test_flags_that_are_not_given_have_the_defaults_of_the_group() -> None:
    assert call("rye", "--flour", "whole") == f"rye 1 {Dough('whole', 12)} False\n"


def test_a_field_without_default_must_be_given() -> None:
    assert "--flour" in call("rye")


def test_flags_of_a_group_stand_in_its_place() -> None:
    spread = spread_groups(bake)

    parameters = inspect.signature(spread).parameters
    assert list(parameters) == ["name", "loaves", "flour", "rests_h", "is_sliced"]
    assert spread.__doc__ == bake.__doc__


def test_a_command_without_groups_keeps_its_parameters() -> None:
    def mix(salt: int, *, water: int = 2) -> None:
        typer.echo(f"{salt} {water}")

    assert list(inspect.signature(spread_groups(mix)).parameters) == ["salt", "water"]


def test_flags_of_two_groups_cannot_have_one_name() -> None:
    def twice(*, first: Dough, second: Dough) -> None:
        typer.echo(f"{first} {second}")

    with pytest.raises(ValueError, match="duplicate parameter name"):
        spread_groups(twice)
