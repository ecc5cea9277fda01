"""The picture of the rooms in docs/architecture.md is the tree, and its arrows are the imports."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TOPS = ("schemas", "engine", "jobs", "scripts", "corpus_distill")
ROOM = re.compile(r"^\s*((?:\w+/)+)(?:\s+(?:<-(.*)|(.*)))?$")


def read_picture() -> list[tuple[str, str | None]]:
    """Each room of the picture, in its order, with what stands right of its arrow if it has one."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    lines = text.split("```")[1].splitlines()
    matches = [ROOM.match(line) for line in lines if line.strip()]
    return [(match[1].strip("/"), match[2]) for match in matches if match]


PICTURE = read_picture()
ARROWS = [room for room, arrow in PICTURE if arrow is not None]


def folders_of_code() -> list[str]:
    tops = [ROOT / top for top in TOPS if (ROOT / top).is_dir()]
    found = {path.parent for top in tops for path in top.rglob("*.py")}
    return sorted(str(path.relative_to(ROOT)) for path in found)


def allowed(room: str) -> set[str]:
    """The rooms of the same top folder that a room may import besides itself."""
    top = room.partition("/")[0]
    names = (dict(PICTURE)[room] or "").split()
    return {top if name == top else f"{top}/{name}" for name in names}


def room_of(name: str) -> str:
    """The room with an arrow that a folder or module lies in."""
    parts = name.replace(".", "/").split("/")
    return max(
        ("/".join(parts[:length]) for length in (1, 2) if "/".join(parts[:length]) in ARROWS),
        key=len,
    )


def imports(path: Path, *, at_import: bool = False) -> Iterator[str]:
    """What a module imports: also in functions, or only while it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if at_import else ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            is_package = (ROOT / node.module.replace(".", "/")).is_dir()
            names = [f"{node.module}.{a.name}" if is_package else node.module for a in node.names]
        yield from names


def test_every_room_stands_once_in_the_picture() -> None:
    rooms = [room for room, _ in PICTURE]

    assert sorted(rooms) == folders_of_code()


@pytest.mark.parametrize("room", [room for room in ARROWS if room != "schemas"])
def test_room_imports_only_what_the_picture_allows(room: str) -> None:
    top = room.partition("/")[0]
    paths = [p for p in (ROOT / room).rglob("*.py") if room_of(str(p.relative_to(ROOT))) == room]

    used = {
        room_of(name)
        for path in paths
        for name in imports(path)
        if name.partition(".")[0] == top and (path != ROOT / top / "__init__.py")
    }

    assert paths
    assert used - allowed(room) - {room} == set()


@pytest.mark.parametrize("room", ARROWS)
def test_every_room_is_explained(room: str) -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

    explained = set(re.findall(r"^\| `([\w/]+)/` \|", text, re.M))

    assert room in explained | {"jobs"}


def test_no_module_imports_itself_by_a_detour() -> None:
    paths = [path for top in TOPS[:3] for path in (ROOT / top).rglob("*.py")]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}

    graph = {
        name: {used for used in imports(path, at_import=True) if used in names}
        for name, path in names.items()
    }

    assert len(list(TopologicalSorter(graph).static_order())) == len(names)
