"""How answers compare with references: words, meaning, names and numbers, refusals, loops."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jobs.evaluation.answer_samples import is_refusal
from jobs.text.sentences import split_sentences
from scripts.benchmarks.student.rows import Asked, Closeness

DRAWS = 4_000
REPEATED_WORDS, REPEATED_TIMES = 5, 3

Numbers = NDArray[np.float64]

_WORDS = re.compile(r"\w+")
_NUMBERS = re.compile(r"(?<!\w)\d+(?:[.,]\d+)*(?!\w)")
_NAMES = re.compile(r"\b\w*_\w+\b|\b[A-Z]{3,}\b")
_CODE = re.compile(r"`([^`]+)`")
_LITTLE = frozenset(("a", "an", "the"))


class Answered(NamedTuple):
    """An answer of a model, and whether it ended by itself."""

    text: str
    is_ended: bool = True
    seconds: float = 0.0
    tokens: int = 0


class Estimate(NamedTuple):
    """A mean, and the ends of its 95% interval, drawn over groups."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def score_answers(
    answers: Sequence[Answered], asked: Sequence[Asked], close: Closeness
) -> dict[str, Numbers]:
    """One number for each answer and measure; not a number where a reference has no key."""
    pairs = list(zip(answers, asked, strict=True))
    measures: Mapping[str, Callable[[Answered, Asked], float]] = {
        "F1": lambda a, q: f1(a.text, q.answer),
        "precision": lambda a, q: precision(a.text, q.answer),
        "recall": lambda a, q: precision(q.answer, a.text),
        "words": lambda a, _: len(words_of(a.text)),
        "F1, first sentence": lambda a, q: f1(first_sentence(a.text), q.answer),
        "ROUGE-L": lambda a, q: rouge_l(a.text, q.answer),
        "similarity": lambda a, q: close(a.text or ".", q.answer),
        "numbers and code": lambda a, q: keys_found(a.text, q.answer),
        "refused": lambda a, _: float(is_refusal(a.text)),
        "loops or does not end": lambda a, _: float(not a.is_ended or has_loop(a.text)),
    }
    return {
        name: np.array([measure(answer, each) for answer, each in pairs])
        for name, measure in measures.items()
    }


def f1(text: str, reference: str) -> float:
    """The F1 of the words, articles left out (SQuAD's measure, arXiv 1606.05250)."""
    common = words_in_common(text, reference)
    return 2 * common / (len(words_of(text)) + len(words_of(reference))) if common else 0.0


def precision(text: str, reference: str) -> float:
    """The share of the text's words that the reference has; the other way round it is recall."""
    common = words_in_common(text, reference)
    return common / len(words_of(text)) if common else 0.0


def words_in_common(text: str, other: str) -> int:
    """How many words both have, one that comes twice in both counting twice."""
    return (Counter(words_of(text)) & Counter(words_of(other))).total()


def rouge_l(text: str, reference: str) -> float:
    """The F1 of the longest common subsequence of words (Lin 2004)."""
    given, wanted = words_of(text), words_of(reference)
    row = [0] * (len(wanted) + 1)
    for word in given:
        former = 0
        for i, other in enumerate(wanted, start=1):
            kept = row[i]
            row[i] = former + 1 if word == other else max(row[i], row[i - 1])
            former = kept
    return 2 * row[-1] / (len(given) + len(wanted)) if row[-1] else 0.0


def words_of(text: str) -> list[str]:
    """The words in small letters, without articles."""
    return [word for word in _WORDS.findall(text.lower()) if word not in _LITTLE]


def keys_found(text: str, reference: str) -> float:
    """The share of the reference's numbers, names and code that the text has."""
    wanted = _keys(reference)
    found = _keys(text) | set(_WORDS.findall(text.lower()))
    return len(wanted & found) / len(wanted) if wanted else float("nan")


def has_loop(text: str) -> bool:
    """Whether the same few words come again and again."""
    words = text.lower().split()
    runs = Counter(
        tuple(words[i : i + REPEATED_WORDS]) for i in range(len(words) - REPEATED_WORDS + 1)
    )
    return bool(runs) and max(runs.values()) >= REPEATED_TIMES


def first_sentence(text: str) -> str:
    """The first sentence of a text."""
    sentences = split_sentences(text)
    return text[sentences[0].start_char : sentences[0].end_char] if sentences else ""


def nearest_sentence(asked: Asked, close: Closeness) -> str:
    """What copying would answer: the sentence of the passage that is nearest to the question."""
    text = asked.passage
    parts = [text[s.start_char : s.end_char] for s in split_sentences(text)]
    return max(parts, key=lambda part: close(part, asked.question))


def mean_difference(some: Numbers, others: Numbers, groups: Sequence[str]) -> Estimate:
    """The mean of the differences with its interval; whole groups are drawn together."""
    apart = some - others
    numbers = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    group_of = np.array([numbers[group] for group in groups])
    is_known = ~np.isnan(apart)
    sums = np.bincount(group_of, np.where(is_known, apart, 0.0))
    counts = np.bincount(group_of, is_known)
    drawn = np.random.default_rng(0).integers(0, len(numbers), (DRAWS, len(numbers)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(np.nanmean(apart)), float(low), float(high))


def _keys(text: str) -> set[str]:
    found = {*_NUMBERS.findall(text), *_NAMES.findall(text)} - {"SQL", "THE"}
    for code in _CODE.findall(text):
        found.update(word for word in _WORDS.findall(code) if len(word) > 1)
    return {each.lower() for each in found}
