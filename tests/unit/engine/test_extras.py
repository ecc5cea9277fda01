"""The command that installs an extra fits how the project was installed."""

import json
from importlib.metadata import PackageNotFoundError
from typing import NamedTuple

import pytest

from engine import extras


class Installed(NamedTuple):
    noted: str | None

    def read_text(self, _: str) -> str | None:
        return self.noted


@pytest.mark.parametrize(
    ("noted", "command"),
    [
        (json.dumps({"url": "file:///home/a%20b/tool"}), "pip install '/home/a b/tool[report]'"),
        (json.dumps({"url": "https://host/tool.whl"}), "pip install 'corpus-distill[report]'"),
        (None, "pip install 'corpus-distill[report]'"),
    ],
)
def test_extra_is_installed_from_where_the_project_was(
    monkeypatch: pytest.MonkeyPatch, noted: str | None, command: str
) -> None:
    monkeypatch.setattr(extras, "distribution", lambda _: Installed(noted))

    assert extras.install_command("report") == command


def test_extra_of_a_checkout_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> Installed:
        raise PackageNotFoundError

    monkeypatch.setattr(extras, "distribution", missing)

    assert extras.install_command("report") == "pip install '.[report]'"
