"""Values have no id; records have one, and it is their first field."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import engine
import jobs
import schemas
from engine.files.records import id_field
from schemas.record import Record

NEEDS_RAGAS = "jobs.evaluation.ragas_scoring."


def modules() -> Iterator[str]:
    for package in (schemas, engine, jobs):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield module.name


def record_kinds(kind: type[Record] = Record) -> Iterator[type[Record]]:
    for derived in kind.__subclasses__():
        yield derived
        yield from record_kinds(derived)


@pytest.fixture(scope="module")
def kinds() -> list[type[Record]]:
    for name in modules():
        if not name.startswith(NEEDS_RAGAS) and not name.endswith("__main__"):
            importlib.import_module(name)
    return [kind for kind in record_kinds() if not kind.__module__.startswith("tests.")]


def test_first_field_of_every_record_is_its_id(kinds: list[type[Record]]) -> None:
    first = {kind.__name__: id_field(kind) for kind in kinds}

    assert len(kinds) > 10
    assert [kind for kind, name in first.items() if not name.endswith("_id")] == []


def test_every_id_is_text(kinds: list[type[Record]]) -> None:
    other = [kind for kind in kinds if kind.model_fields[id_field(kind)].annotation is not str]

    assert other == []
