"""What can be looked at in a run: its files, what a line of each is called by, and filters."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from engine.run_folder import RunFolder
from jobs.view.line_file import LineFile

Line = Mapping[str, Any]  # a line of a run's file, as it stands there
TITLE_CHARS = 300
MAX_SPAN_LINES = 50_000  # between the rows of a block: more, and its lines are not of one order

_PLACE = re.compile(rb'"file":"(\w+)\.jsonl","row":(\d+)')


class ListKind(NamedTuple):
    """A file of the run as a list. `filters` are text fields that can be chosen by."""

    file: str
    label: str
    title: Callable[[Line], str]
    facts: tuple[str, ...]
    filters: tuple[str, ...]


def _field(name: str) -> Callable[[Line], str]:
    return lambda line: str(line.get(name) or "")


KINDS: Mapping[str, ListKind] = {
    "rows": ListKind(
        "dataset/provenance",
        "Rows",
        _field("title"),
        ("kind", "path", "file", "review"),
        ("kind", "file", "review"),
    ),
    "rejected": ListKind(
        "rejected",
        "Rejected",
        lambda line: str(line.get("text") or line.get("detail") or line.get("item_id")),
        ("stage", "reason", "score", "threshold"),
        ("stage", "reason"),
    ),
    "questions": ListKind(
        "questions", "Questions", _field("text"), ("kind", "side"), ("kind", "side")
    ),
    "further_questions": ListKind(
        "further_questions", "Asked once more", _field("text"), ("kind", "side"), ("kind", "side")
    ),
    "chunks": ListKind(
        "chunks", "Chunks", _field("text"), ("path", "side", "token_count"), ("side",)
    ),
    "documents": ListKind(
        "documents", "Documents", _field("path"), ("title", "format", "word_count"), ("format",)
    ),
    "held_out": ListKind(
        "dataset/held_out", "Held out", _field("question"), ("kind", "path"), ("kind",)
    ),
    "evaluation": ListKind(
        "evaluation/samples",
        "Evaluation",
        _field("question"),
        ("slice", "kind", "path"),
        ("slice", "kind"),
    ),
    "reviews": ListKind(
        "reviews",
        "Reviews",
        lambda line: str(line.get("question") or line.get("comment") or line.get("answer_id")),
        ("decision", "reviewer", "at", "comment"),
        ("decision", "reviewer"),
    ),
}


class RunLists:
    """The lists of a run, and the rows' own lines."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._files: dict[str, LineFile] = {}

    def file(self, name: str) -> LineFile:
        """The lines of RUN/name.jsonl."""
        if name not in self._files:
            self._files[name] = LineFile(self.folder.run_dir / f"{name}.jsonl")
        return self._files[name]

    def row_texts(self, provenance: Sequence[bytes], count_s: float) -> list[bytes]:
        """The line of the dataset that each line of the provenance names; empty if it is not there.

        Lines that follow each other name rows that do: each file is read once.
        """
        places = [_PLACE.search(line) for line in provenance]
        texts = [b""] * len(provenance)
        named = [(at, found[1].decode(), int(found[2])) for at, found in enumerate(places) if found]
        for name in {name for _, name, _ in named}:
            rows = {at: row for at, each, row in named if each == name}
            file, first, last = self.file(f"dataset/{name}"), min(rows.values()), max(rows.values())
            if last >= len(file):
                file.count_on(count_s)
            lines = file.read(first, last - first + 1) if last - first < MAX_SPAN_LINES else []
            for at, row in rows.items():
                texts[at] = lines[row - first] if row - first < len(lines) else b""
        return texts
