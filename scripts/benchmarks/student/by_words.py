"""What words alone tell: which sentence answers a question, and whether its passage does.

    python scripts/benchmarks/student/by_words.py ROWS

ROWS is a folder as scripts/benchmarks/student/rows.py describes it. No student is asked: this is
what one that was tuned has to be better than. It takes a minute.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from math import log
from pathlib import Path
from typing import Self

import numpy as np

from jobs.text.content_words import content_words
from jobs.text.sentences import split_sentences
from scripts.benchmarks.student.rows import (
    Asked,
    make_unanswerables,
    read_held_out,
    read_training,
)
from scripts.benchmarks.student.scores import Numbers, f1, mean_difference, nearest_sentence

SEED = 7
UNANSWERABLE_COUNT = 20  # as many as the student is asked
REFUSED_SHARES = (0.05, 0.08, 0.10)  # of the training rows, all of which their passage answers


class WordShare:
    """How much of a question a text has: the share of its content words, rare ones weighing more.

    A word's weight is the logarithm of how few of the passages have it.
    """

    def __init__(self, passages: Sequence[str]) -> None:
        self._count = len(passages)
        self._having = Counter(word for text in passages for word in content_words(text))

    @classmethod
    def of(cls, rows: Sequence[Asked]) -> Self:
        """Weights by the passages of these rows."""
        return cls([row.passage for row in rows])

    def share(self, question: str, text: str) -> float:
        """From 0 to 1; 0 for a question without content words."""
        words = content_words(question)
        whole = sum(map(self._weight, words))
        return sum(map(self._weight, words & content_words(text))) / whole if whole else 0.0

    def best_sentence(self, asked: Asked) -> str:
        """The sentence of the passage that has most of the question."""
        text = asked.passage
        parts = [text[s.start_char : s.end_char] for s in split_sentences(text)]
        return max(parts, key=lambda part: self.share(asked.question, part))

    def narrow(self, asked: Asked, count: int) -> Asked:
        """The same with the `count` sentences that have most of the question, in their order."""
        text = asked.passage
        parts = [text[s.start_char : s.end_char] for s in split_sentences(text)]
        order = sorted(range(len(parts)), key=lambda i: -self.share(asked.question, parts[i]))
        return asked._replace(passage="\n...\n".join(parts[i] for i in sorted(order[:count])))

    def of_passages(self, rows: Sequence[Asked]) -> Numbers:
        """How much of each question its passage has."""
        return np.array([self.share(row.question, row.passage) for row in rows])

    def _weight(self, word: str) -> float:
        return log(1 + self._count / (1 + self._having[word]))


def area(answerable: Numbers, unanswerable: Numbers) -> float:
    """How often an answerable question has more than an unanswerable one (AUC)."""
    above = answerable[:, None] > unanswerable[None, :]
    same = answerable[:, None] == unanswerable[None, :]
    return float((above + same / 2).mean())


def main() -> None:
    """Print what refusing and copying by words alone would do."""
    from scripts.benchmarks.student.tune import closeness

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    rows = parser.parse_args().rows
    close = closeness()
    train, held_out = read_training(rows, seed=SEED), read_held_out(rows, close, seed=SEED)
    words = WordShare.of(train)
    learnt = words.of_passages(train)
    answerable = words.of_passages(held_out)
    some = make_unanswerables(held_out, UNANSWERABLE_COUNT, seed=SEED)
    every = make_unanswerables(held_out, len(held_out), seed=SEED)
    for count, unanswerable in ((len(each), words.of_passages(each)) for each in (some, every)):
        print(f"{count} unanswerable questions: AUC {area(answerable, unanswerable):.3f}")
        for share in REFUSED_SHARES:
            least = np.quantile(learnt, share)
            print(
                f"  refused below {least:.2f} ({share:.0%} of training rows): "
                f"{np.sum(unanswerable < least)} of {count}, and of {len(held_out)} answerable "
                f"ones {np.mean(answerable < least):.0%}"
            )
    copies = {
        "nearest by meaning": [nearest_sentence(each, close) for each in held_out],
        "most of the question's words": [words.best_sentence(each) for each in held_out],
    }
    scores = {
        name: np.array([f1(text, each.answer) for text, each in zip(given, held_out, strict=True)])
        for name, given in copies.items()
    }
    for name, values in scores.items():
        print(f"copying, {name}: F1 {values.mean():.3f}")
    by_meaning, by_words = scores.values()
    apart = mean_difference(by_words, by_meaning, [each.context for each in held_out])
    print(f"the second - the first: {apart} by passage")


if __name__ == "__main__":
    main()
