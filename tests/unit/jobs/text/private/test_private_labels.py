"""Labelled texts, half of them look-alikes from technical documents: what is found and what not.

In the texts what is private stands between \u27e6 and \u27e7. A \u00b7 within it, which is taken
out, keeps the file free of whole keys.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jobs.text.private.find_private import find_private
from jobs.text.private.found import Found
from tests.rows import each_row

LABELS = Path(__file__).parents[4] / "fixtures" / "private" / "labels.jsonl"


class Labelled(NamedTuple):
    text: str
    language: str
    kind: str
    private: tuple[range, ...]


def read_labels() -> Iterator[Labelled]:
    for line in LABELS.read_text("utf-8").splitlines():
        row = json.loads(line)
        pieces = row["text"].replace("\u27e7", "\u27e6").split("\u27e6")  # every second is private
        pieces[1::2] = [piece.replace("\u00b7", "") for piece in pieces[1::2]]
        ends = [len("".join(pieces[: count + 1])) for count in range(len(pieces))]
        private = tuple(map(range, ends[:-1:2], ends[1::2]))
        yield Labelled("".join(pieces), row["language"], row["kind"], private)


ALL = tuple(read_labels())


@cache
def find_in_all() -> list[tuple[Labelled, list[Found]]]:
    """Each text with what is found in it."""
    return [(label, list(find_private(label.text, label.language))) for label in ALL]


def is_all_found(label: Labelled, found: set[int]) -> bool:
    return all(
        at in found or label.text[at].isspace() for private in label.private for at in private
    )


def test_labels_are_many_and_of_several_languages() -> None:
    kinds = [each.kind for each in ALL]

    assert kinds.count("secret") >= 50
    assert kinds.count("secret_lookalike") >= 60
    assert kinds.count("personal") >= 40
    assert kinds.count("personal_lookalike") >= 60
    assert {each.language for each in ALL} >= {"en", "de", "fr", "es", "it", "ja", "zh"}
    assert all(bool(each.private) is not each.kind.endswith("lookalike") for each in ALL)


@each_row("kind", ["secret", "personal"])
def test_nearly_all_is_found_and_nearly_nothing_else(kind: str) -> None:
    caught = missed = wrong = 0
    for label, all_found in find_in_all():
        spans = [range(f.start, f.end) for f in all_found if f.is_secret is (kind == "secret")]
        found = {at for span in spans for at in span}
        if label.kind == kind:
            caught += is_all_found(label, found)
            missed += not is_all_found(label, found)
        private = {at for span in label.private for at in span}
        wrong += any(private.isdisjoint(span) for span in spans)

    assert caught / (caught + missed) >= 0.95
    assert caught / (caught + wrong) >= 0.95
