"""Which threshold tells the same question in other words from another question.

    python scripts/benchmarks/documents/same_meaning.py

By the embedding model of the extra `local`, as `questions.max_same_meaning` compares. Pairs that
mean the same, and hard ones that do not, are those of tests/fixtures/labels/paraphrases.jsonl.
Further pairs are any two questions of the other labels and of scripts/strong_rows: none of these
was written to mean the same as another one.
"""

import sys
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import orjson

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

from engine.local.embedder import Embedder, Vector
from engine.local.model import EMBEDDING_MODEL, find_model_files
from jobs.dataset.judge.labelled_texts import read_labelled_texts
from jobs.dataset.rows.chat_rows import read_row
from jobs.text.repeats.exact_differences import ask_differently
from jobs.text.repeats.near_duplicates import NearDuplicates, words_of_any_language

ROOT = Path(__file__).parents[3]
LABELS = ROOT / "tests" / "fixtures" / "labels"
THRESHOLDS = (0.70, 0.75, 0.80, 0.82, 0.84, 0.85, 0.86, 0.88, 0.90, 0.92, 0.95)
LANGUAGES = ("en", "de", "fr")
MAX_SIMILARITY = 0.7  # of words: the default of questions.max_near_duplicate
SHOWN_COUNT = 12


class Pair(NamedTuple):
    """Two questions, and whether they mean the same."""

    language: str
    question: str
    other: str
    is_same: bool


class Measured(NamedTuple):
    """A pair and the cosine of its vectors; -1 where their words tell both apart."""

    pair: Pair
    cosine: float


def read_pairs() -> list[Pair]:
    """Pairs that were written to mean the same, or to look like it."""
    return [Pair(**orjson.loads(line)) for line in _lines(LABELS / "paraphrases.jsonl")]


def other_pairs(written: Sequence[Pair]) -> Iterator[Pair]:
    """Any two questions of the labels and of the strong rows, but those that are `written`."""
    known = {frozenset((each.question, each.other)) for each in written}
    texts = [each for name in ("judged", "probes") for each in _texts(name)]
    for name in ("train", "validation"):
        path = ROOT / "scripts" / "strong_rows" / f"{name}.jsonl"
        texts += [read_row(line).question for line in _lines(path)]
    for one, other in combinations(dict.fromkeys(texts), 2):
        if frozenset((one, other)) not in known:
            yield Pair("", one, other, is_same=False)


def _texts(name: str) -> Iterator[str]:
    for text in read_labelled_texts(LABELS / f"{name}.jsonl"):
        yield from (question.text for question in text.questions if question.is_good)


def _lines(path: Path) -> list[bytes]:
    return [line for line in path.read_bytes().splitlines() if line]


class Comparison:
    """Measures pairs; each text is embedded once."""

    def __init__(self) -> None:
        files = find_model_files()
        self._embedder = Embedder(str(files.embedding_model_path), str(files.tokenizer_path))
        self._vectors: dict[str, Vector] = {}

    def measure(self, pair: Pair) -> Measured:
        """The cosine of a pair."""
        if ask_differently(pair.question, pair.other):
            return Measured(pair, -1.0)
        return Measured(pair, float(self._vector(pair.question) @ self._vector(pair.other)))

    def _vector(self, text: str) -> Vector:
        if text not in self._vectors:
            self._vectors[text] = self._embedder.embed(text)[0]
        return self._vectors[text]


def repeats_words(pair: Pair) -> bool:
    """Whether words alone call both the same."""
    known = NearDuplicates(
        MAX_SIMILARITY,
        words_of_any_language,
        differ=lambda _, text: ask_differently(pair.question, text),
    )
    known.add("one", pair.question)
    return known.add("other", pair.other) is not None


def describe(written: Sequence[Measured], others: Sequence[Measured]) -> Iterator[str]:
    """A table: how many pairs are the same from a threshold on, of those that are and are not."""
    same = [each for each in written if each.pair.is_same]
    hard = [each for each in written if not each.pair.is_same]
    yield "| from | " + " | ".join(f"same, {name}" for name in LANGUAGES) + " | hard | other |"
    yield "|---|" + "---|" * (len(LANGUAGES) + 2)
    for threshold in THRESHOLDS:
        of_language = [[m for m in same if m.pair.language == name] for name in LANGUAGES]
        counted = [*of_language, hard, others]
        cells = [f"{sum(m.cosine >= threshold for m in each)} of {len(each)}" for each in counted]
        yield f"| {threshold:.2f} | " + " | ".join(cells) + " |"
    by_words = [sum(repeats_words(m.pair) for m in each) for each in (same, hard)]
    yield f"by words alone: {by_words[0]} of {len(same)} same, {by_words[1]} of {len(hard)} hard"
    yield "the closest that are not the same:"
    for each in sorted((*hard, *others), key=lambda m: -m.cosine)[:SHOWN_COUNT]:
        yield f"  {each.cosine:.3f}  {each.pair.question}  |  {each.pair.other}"


def main() -> None:
    """Measure and print."""
    written, comparison = read_pairs(), Comparison()
    print(f"{EMBEDDING_MODEL}, cosines; pairs that exact words tell apart are not the same")
    measured = [comparison.measure(pair) for pair in written]
    others = [comparison.measure(pair) for pair in other_pairs(written)]
    print("\n".join(describe(measured, others)))


if __name__ == "__main__":
    main()
