"""Imports point one way: scripts, corpus_distill, jobs, engine, schemas; and so between rooms."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from tests.rows import each_row

ROOT = Path(__file__).parents[1]
LAYERS = ["schemas", "engine", "jobs", "corpus_distill", "scripts"]  # lowest first

# Every room, or a module that stands apart from its room, lowest first, and what else of its layer
# it may import. A module belongs to the longest name that fits: "engine" and "jobs" are the rest.
ROOMS = {
    "engine.errors": "",
    "engine.clock": "",
    "engine.extras": "",
    "engine.closing": "",
    "engine.ask": "",
    "engine.stopping": "engine.errors engine.clock",
    "engine.wire": "engine.errors engine.clock engine.stopping",
    "engine.files": "engine.errors engine.closing engine.wire",
    "engine.stats": "engine.errors engine.clock engine.files",
    "engine.spending": "engine.errors engine.wire engine.files",
    "engine.local": "engine.errors engine.extras engine.closing",
    "engine.lease": "engine.errors engine.clock engine.stopping engine.files",
    "engine.live": (
        "engine.errors engine.clock engine.stats engine.stopping engine.wire engine.spending"
    ),
    "engine.batch": (
        "engine.errors engine.clock engine.ask engine.stopping engine.wire engine.files "
        "engine.spending"
    ),
    "engine": (
        "engine.errors engine.clock engine.stats engine.ask engine.stopping engine.wire "
        "engine.files engine.spending"
    ),
    "engine.assemble": (  # puts lanes, journal and budget together
        "engine.errors engine.clock engine.stats engine.ask engine.stopping engine.wire "
        "engine.files engine.spending engine.live engine.batch engine"
    ),
    "engine.library": (
        "engine.errors engine.clock engine.stats engine.ask engine.stopping engine.wire "
        "engine.files engine.spending engine engine.assemble"
    ),
    "engine.last_call": "engine.errors engine.clock engine.files engine engine.batch",
    "engine.__init__": "engine.errors engine.ask engine.wire engine engine.library",  # the library
    "engine.testing": "engine.errors engine.wire engine.batch",
    "jobs": "",
    "jobs.amounts": "",
    "jobs.findings": "",
    "jobs.text": "",
    "jobs.prompts": "",
    "jobs.pages": "",
    "jobs.settings": "jobs.prompts",
    "jobs.process": "",
    "jobs.processes": "jobs",
    "jobs.run.elsewhere": "",
    "jobs.run.progress": "",
    # What a stage is; the rest of its room starts and goes on with runs.
    "jobs.run.stages": "jobs.processes jobs.run.progress jobs.run.elsewhere",
    "jobs.run.reset": "jobs.run.stages",
    "jobs.documents": "jobs.text jobs.processes jobs.run.elsewhere jobs.run.stages",
    "jobs.dataset": (
        "jobs.text jobs.prompts jobs.settings jobs.run.elsewhere jobs.run.stages jobs.run.reset "
        "jobs.documents"
    ),
    "jobs.run": (
        "jobs.settings jobs.processes jobs.run.progress jobs.run.elsewhere "
        "jobs.run.stages jobs.run.reset jobs.documents jobs.dataset"
    ),
    "jobs.doctor": "jobs.findings jobs.settings",
    "jobs.send": "jobs jobs.amounts jobs.process jobs.processes jobs.run",
    "jobs.datacheck": "jobs.text",
    "jobs.finetune": "jobs.text jobs.settings",
    "jobs.evaluation": (
        "jobs.text jobs.prompts jobs.settings jobs.run.stages jobs.documents jobs.dataset "
        "jobs.run jobs.finetune"
    ),
    "jobs.exporting": (
        "jobs.text jobs.settings jobs.run.stages jobs.documents jobs.dataset jobs.evaluation"
    ),
    "jobs.comparison": "jobs.text jobs.documents jobs.finetune jobs.evaluation",
    "jobs.show": (
        "jobs.amounts jobs.settings jobs.run.stages jobs.documents jobs.dataset jobs.run jobs.send"
    ),
    "jobs.plan": (
        "jobs.amounts jobs.prompts jobs.settings jobs.run.progress jobs.run.stages jobs.run.reset "
        "jobs.documents jobs.dataset jobs.run jobs.finetune jobs.evaluation jobs.show"
    ),
    "jobs.audit": (
        "jobs.findings jobs.settings jobs.run.stages jobs.run.reset jobs.dataset jobs.run "
        "jobs.finetune jobs.evaluation jobs.show"
    ),
    "jobs.report": "jobs.settings jobs.pages jobs.dataset jobs.comparison jobs.show",
    "jobs.view": "jobs.pages jobs.documents jobs.dataset jobs.evaluation jobs.comparison",
    "jobs.spread": (
        "jobs.process jobs.prompts jobs.documents jobs.run.progress jobs.run.elsewhere "
        "jobs.run.stages jobs.run jobs.send"
    ),
    "jobs.stored": "jobs.run jobs.send",
    "jobs.notify": "",
    "jobs.idle_rounds": "jobs.process jobs.settings",
    "jobs.commands": (
        "jobs.amounts jobs.findings jobs.prompts jobs.settings jobs.run.stages jobs.documents "
        "jobs.dataset "
        "jobs.run jobs.doctor jobs.send jobs.spread jobs.stored jobs.datacheck jobs.exporting "
        "jobs.finetune "
        "jobs.evaluation jobs.comparison jobs.show jobs.plan jobs.audit jobs.report jobs.view "
        "jobs.process jobs.notify jobs.idle_rounds"
    ),
    "jobs.command_list": "",
    "jobs.cli": "jobs.process jobs.commands jobs.command_list",
    "jobs.classic": (
        "jobs.text jobs.settings jobs.run.stages jobs.run.reset jobs.documents jobs.dataset "
        "jobs.run jobs.finetune jobs.evaluation jobs.cli"
    ),
    "jobs.__main__": "jobs jobs.cli",
}


@cache
def imports_at_start(path: Path) -> tuple[str, ...]:
    """What a module imports as it is imported itself."""
    return tuple(_names(tree_of(path).body))


@cache
def imported_modules(path: Path) -> tuple[str, ...]:
    """What a module imports, at its start or later."""
    return tuple(_names(_statements(tree_of(path))))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements below a node: an import is one, so that expressions need not be looked at."""
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        below = getattr(node, block, ())
        for each in below if isinstance(below, list) else ():  # a lambda's body is an expression
            yield each
            yield from _statements(each)


def _names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
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


def room_of(module: str) -> str:
    """The longest name of `ROOMS` that fits; empty for what is not ours."""
    names = (name for name in ROOMS if module == name or module.startswith(f"{name}."))
    return max(names, key=len, default="")


@each_row("layer", LAYERS)
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


def test_rooms_are_told_from_the_lowest_up() -> None:
    names = list(ROOMS)

    upward = [
        (room, other)
        for room, allowed in ROOMS.items()
        for other in allowed.split()
        if other not in names[: names.index(room)]
    ]

    assert upward == []


@each_row("layer", ["engine", "jobs"])
def test_no_room_imports_another_than_the_table_allows(layer: str) -> None:
    forbidden = []
    for path in sorted((ROOT / layer).rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        room = room_of(module)
        allowed = {room, *ROOMS[room].split()}
        names = [name for name in imported_modules(path) if name.split(".")[0] == layer]
        forbidden += [(module, name) for name in names if room_of(name) not in allowed]

    assert forbidden == []


def test_no_module_imports_itself_by_a_detour() -> None:
    paths = [path for layer in LAYERS[:3] for path in (ROOT / layer).rglob("*.py")]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}

    graph = {
        name: {used for used in imports_at_start(path) if used in names}
        for name, path in names.items()
    }

    assert len(list(TopologicalSorter(graph).static_order())) == len(names)
