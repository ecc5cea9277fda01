from pathlib import Path

import corpus_distill
import engine

DOCS = (Path(__file__).parents[3] / "docs" / "library.md").read_text("utf-8")


def test_every_public_name_is_there_and_is_the_same_under_both_names() -> None:
    ours = {name: getattr(engine, name) for name in engine.__all__}

    again = {name: getattr(corpus_distill, name) for name in corpus_distill.__all__}

    assert again == ours
    assert set(ours) <= set(dir(engine)) & set(dir(corpus_distill))


def test_other_names_are_not_there() -> None:
    assert not hasattr(engine, "no_such_name")
    assert not hasattr(corpus_distill, "no_such_name")


def test_every_public_name_is_explained() -> None:
    table = DOCS.partition("## Every name")[2]

    assert [name for name in engine.__all__ if f"`{name}`" not in table] == []
