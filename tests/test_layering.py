"""Imports point down only: scripts -> corpus_distill -> jobs -> engine -> schemas."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = ["schemas", "engine", "jobs", "corpus_distill", "scripts"]  # lowest first


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of(folder: str, *targets: str) -> list[tuple[str, str]]:
    """The imports of `targets`, or of what is in them, by modules in `folder`."""
    return [
        (str(path.relative_to(ROOT)), name)
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in imported_modules(path)
        if any(name == target or name.startswith(f"{target}.") for target in targets)
    ]


@pytest.mark.parametrize("layer", LAYERS)
def test_no_module_imports_upward(layer: str) -> None:
    above = {*LAYERS[LAYERS.index(layer) + 1 :], "tests"} - (
        {"tests"} if layer == "scripts" else set()
    )

    upward = imports_of(layer, *above)

    assert upward == []


def test_every_layer_has_modules_to_check() -> None:
    assert all(any((ROOT / layer).rglob("*.py")) for layer in LAYERS[:4])


def test_nothing_but_tests_uses_the_fakes() -> None:
    users = [user for layer in LAYERS for user in imports_of(layer, "engine.testing")]

    assert [path for path, _ in users if not path.startswith("engine/testing/")] == []
