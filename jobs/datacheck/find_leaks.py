"""Finds questions and texts of an evaluation in rows that are trained on."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.errors import ConfigError
from jobs.datacheck.read_rows import BadRowError, ChatRow, EvalItem, numbered_lines, read_eval_item
from jobs.text.repeats.near_duplicates import NearDuplicates, words_of_any_language
from jobs.text.repeats.shingles import TOKENS_PER_SHINGLE, Hashes, is_among, shingle_hashes

NEAR = 0.7  # similarity from which a question repeats another, as in questions.max_near_duplicate
SHARED_TEXT = 0.5  # share of an item's text that stands in rows
MIN_CONTAINED_WORDS = TOKENS_PER_SHINGLE  # a shorter question may stand in a text by chance


class Leak(NamedTuple):
    """An item of the evaluation (its line) that a row (its line) gives away, and how."""

    how: str
    item_line: int
    row_line: int


class LeakFinder:
    """Remembers an evaluation; rows are held against it one at a time.

    Memory is set by the evaluation, not by the rows: 12 bytes for each of its words.
    """

    def __init__(self, items: Iterable[tuple[int, EvalItem]]) -> None:
        self._exact: dict[str, int] = {}
        self._near = NearDuplicates(NEAR, words_of_any_language)
        self._contained: dict[int, list[tuple[str, int]]] = {}
        self._hashes: list[tuple[int, Hashes]] = []
        for line, item in items:
            question = _plain(item.question)
            self._exact.setdefault(question, line)
            self._near.remember(str(line), item.question)
            if len(question.split()) >= MIN_CONTAINED_WORDS:
                first = int(shingle_hashes(question)[0])
                self._contained.setdefault(first, []).append((question, line))
            if item.text:
                self._hashes.append((line, shingle_hashes(item.text)))
        self._contained_hashes: Hashes = np.array(sorted(self._contained), np.uint64)
        known = [hashes for _, hashes in self._hashes]
        self._known: Hashes = np.unique(np.concatenate(known)) if known else np.zeros(0, np.uint64)
        self._first_row = np.zeros(len(self._known), np.uint32)
        self._leaks: dict[int, Leak] = {}

    def add(self, row_line: int, row: ChatRow) -> None:
        """Hold a row against all items."""
        hashes = shingle_hashes(row.text)
        found = self._find(row, hashes)
        if found is not None:
            how, item_line = found
            self._leaks.setdefault(item_line, Leak(how, item_line, row_line))
        if len(self._known):
            places = np.searchsorted(self._known, hashes)
            places[places == len(self._known)] = 0
            hit = places[self._known[places] == hashes]
            new = hit[self._first_row[hit] == 0]
            self._first_row[new] = row_line

    def _find(self, row: ChatRow, hashes: Hashes) -> tuple[str, int] | None:
        question = _plain(row.question)
        if (line := self._exact.get(question)) is not None:
            return "same question", line
        if (match := self._near.find(row.question)) is not None:
            return "nearly the same question", int(match.item_id)
        text = _plain(row.text)
        for first in self._contained_hashes[is_among(self._contained_hashes, hashes)]:
            for asked, line in self._contained[int(first)]:
                if asked in text:
                    return "question within a text", line
        return None

    def leaks(self) -> Iterator[Leak]:
        """All leaks, one an item, in the order of the items."""
        found = dict(self._leaks)
        for line, hashes in self._hashes:
            rows = self._first_row[np.searchsorted(self._known, hashes)]
            if line not in found and np.mean(rows > 0) >= SHARED_TEXT:
                found[line] = Leak("same text", line, int(rows[rows > 0][0]))
        return iter(sorted(found.values(), key=lambda leak: leak.item_line))


def read_eval_items(path: Path) -> list[tuple[int, EvalItem]]:
    """The items of a file with their lines.

    Raises:
        ConfigError: a line holds no question, or there is none.
    """
    items = []
    for number, line in numbered_lines(path):
        try:
            items.append((number, read_eval_item(line)))
        except BadRowError as error:
            raise ConfigError(f"{path}:{number}: {error}") from error
    if not items:
        raise ConfigError(f"{path}: found no line, expected questions")
    return items


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
