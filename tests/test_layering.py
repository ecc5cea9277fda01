"""Imports point down only: scripts -> jobs -> engine -> schemas."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ["schemas", "engine", "jobs", "scripts"]  # lowest first


def imported_layers(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("layer", LAYERS)
def test_no_module_imports_upward(layer: str) -> None:
    above = {*LAYERS[LAYERS.index(layer) + 1 :], "tests"} - (
        {"tests"} if layer == "scripts" else set()
    )

    upward = [
        (path.relative_to(ROOT), name)
        for path in (ROOT / layer).rglob("*.py")
        for name in imported_layers(path)
        if name in above
    ]

    assert upward == []


def test_every_layer_has_modules_to_check() -> None:
    assert all(any((ROOT / layer).rglob("*.py")) for layer in LAYERS[:3])
