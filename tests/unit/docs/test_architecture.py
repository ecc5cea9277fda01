"""The picture of the rooms in docs/architecture.md is the tree, and its arrows are what holds.

Which room may import which stands in tests/test_layering.py, module by module where it must be.
"""

import re
from pathlib import Path

from tests.rows import each_row
from tests.test_layering import ROOMS

ROOT = Path(__file__).parents[3]
TOPS = ("schemas", "engine", "jobs", "scripts", "corpus_distill")
ROOM = re.compile(r"^\s*((?:\w+/)+)(?:\s+(?:<-(.*)|(.*)))?$")
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def read_picture() -> dict[str, str | None]:
    """The rooms of the picture with what stands right of their arrows, None where there is none."""
    lines = TEXT.split("```")[1].splitlines()
    matches = [ROOM.match(line) for line in lines if line.strip()]
    rooms = [(match[1].strip("/"), match[2]) for match in matches if match]
    assert len(dict(rooms)) == len(rooms)
    return dict(rooms)


PICTURE = read_picture()
ARROWS = {room: set(arrow.split()) for room, arrow in PICTURE.items() if arrow is not None}


def folders_of_code() -> list[str]:
    tops = [ROOT / top for top in TOPS if (ROOT / top).is_dir()]
    found = {path.parent for top in tops for path in top.rglob("*.py")}
    return sorted(str(path.relative_to(ROOT)) for path in found)


def folder_of(name: str) -> str:
    """The room that a room or module of the table of imports lies in."""
    top, _, rest = name.partition(".")
    folder = f"{top}/{rest.split('.')[0]}"
    return folder if folder in ARROWS else top


def test_every_room_stands_once_in_the_picture() -> None:
    assert sorted(PICTURE) == folders_of_code()


@each_row("room", [room for room in ARROWS if room != "schemas"])
def test_arrow_of_a_room_names_what_it_may_import(room: str) -> None:
    allowed = {
        folder_of(other)
        for name, others in ROOMS.items()
        if folder_of(name) == room
        for other in others.split()
    }

    assert ARROWS[room] == {name.rpartition("/")[2] for name in allowed - {room}}


@each_row("room", [room for room in ARROWS if room != "jobs"])
def test_every_room_is_explained(room: str) -> None:
    assert room in re.findall(r"^\| `([\w/]+)/` \|", TEXT, re.M)
