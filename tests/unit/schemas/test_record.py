"""Values have no id; records have one, and it is their first field."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine
import jobs
import schemas
from engine.files.records import id_field
from schemas.record import Record

DERIVED = re.compile(r"^class (\w+)\(([^)]*)\)", re.MULTILINE)


def modules() -> Iterator[str]:
    """Those with a class that derives from Record, by whatever way: others are large to import."""
    found = {
        path.relative_to(root.parent): dict(DERIVED.findall(path.read_text("utf-8")))
        for root in (Path(package.__path__[0]) for package in (schemas, engine, jobs))
        for path in root.rglob("*.py")
    }
    records, known = {Record.__name__}, 0
    while len(records) > known:
        known = len(records)
        for classes in found.values():
            records.update(name for name, bases in classes.items() if names_in(bases) & records)
    for path, classes in found.items():
        if classes.keys() & records:
            yield ".".join(path.with_suffix("").parts)


def names_in(bases: str) -> set[str]:
    return set(re.findall(r"\w+", bases))


def record_kinds(kind: type[Record] = Record) -> Iterator[type[Record]]:
    for derived in kind.__subclasses__():
        yield derived
        yield from record_kinds(derived)


@pytest.fixture(scope="module")
def kinds() -> list[type[Record]]:
    for name in modules():
        importlib.import_module(name)
    return [kind for kind in record_kinds() if not kind.__module__.startswith("tests.")]


def test_first_field_of_every_record_is_its_id(kinds: list[type[Record]]) -> None:
    first = {kind.__name__: id_field(kind) for kind in kinds}

    assert len(kinds) > 10
    assert [kind for kind, name in first.items() if not name.endswith("_id")] == []


def test_every_id_is_text(kinds: list[type[Record]]) -> None:
    other = [kind for kind in kinds if kind.model_fields[id_field(kind)].annotation is not str]

    assert other == []
