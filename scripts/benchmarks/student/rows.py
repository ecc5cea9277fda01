"""Rows that a strong model wrote, cut to passages, as a student learns them and is asked them.

A folder of such rows holds train.jsonl (question, answer, kind, document, title, section, context,
evidence as character spans) and held_out.jsonl (question, reference, the same of the source).
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from jobs.dataset.rows.chat_rows import Excerpt, StudentPrompt, student_prompt
from jobs.text.sentences import split_sentences
from schemas.record import Span
from schemas.settings.dataset import DatasetSettings

PASSAGE_CHARS = 700  # about 170 tokens
UNANSWERABLE_SHARE = 1 / 20  # of all rows, as by default in a dataset
VALIDATION_DOCUMENTS = 3
REFUSAL = "The excerpt does not say this, so the question cannot be answered from it."


class Asked(NamedTuple):
    """A question, the passage that is shown with it, and the answer that is expected."""

    question: str
    answer: str
    kind: str
    document: str
    place: str
    context: str
    passage: str

    def prompt(self, *, is_open: bool) -> StudentPrompt:
        """What the student is asked, with the passage in view or without."""
        excerpt = Excerpt(self.place, self.passage) if is_open else None
        return student_prompt(self.question, excerpt, DatasetSettings())


Closeness = Callable[[str, str], float]


def read_training(folder: Path, *, seed: int) -> list[Asked]:
    """The rows to learn from, with passages cut around their evidence."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    rows = []
    for row in _read(folder / "train.jsonl"):
        spans = [(each["start_char"], each["end_char"]) for each in row["evidence"]]
        rows.append(_asked(row, row["answer"], spans, rng))
    return rows


def read_held_out(folder: Path, close: Closeness, *, seed: int) -> list[Asked]:
    """The held-out questions; passages are cut around the sentences nearest to the reference.

    So what is asked stands in the passage, as a good retrieval would have it.
    """
    rng = random.Random(seed)  # noqa: S311 - no secret
    rows = []
    for row in _read(folder / "held_out.jsonl"):
        sentences = split_sentences(row["context"])
        nearness = [close(_text(row["context"], s), row["reference"]) for s in sentences]
        best = max(nearness)
        near = sorted(range(len(sentences)), key=lambda i: -nearness[i])[:3]
        spans = [
            (sentences[i].start_char, sentences[i].end_char) for i in near if nearness[i] > best / 2
        ]
        rows.append(_asked(row, row["reference"], spans, rng))
    return rows


def with_unanswerables(rows: Sequence[Asked], *, share: float, seed: int) -> list[Asked]:
    """The rows and such as their passage does not answer, of the same document; mixed."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    wanted = round(len(rows) * share / (1 - share))
    mixed = [*rows, *make_unanswerables(rows, wanted, seed=seed)]
    rng.shuffle(mixed)
    return mixed


def make_unanswerables(rows: Sequence[Asked], count: int, *, seed: int) -> list[Asked]:
    """Questions with another passage of the same document, refused in the same words."""
    rng = random.Random(seed)  # noqa: S311 - no secret
    made: list[Asked] = []
    for row in rng.sample(list(rows), len(rows)):
        others = [
            other
            for other in rows
            if other.document == row.document and other.context != row.context
        ]
        if others and len(made) < count:
            other = rng.choice(others)
            made.append(
                row._replace(
                    answer=REFUSAL,
                    kind="unanswerable",
                    place=other.place,
                    context=other.context,
                    passage=other.passage,
                )
            )
    return made


class Rows(NamedTuple):
    """Rows to learn, and those of other documents to validate with."""

    train: list[Asked]
    validation: list[Asked]


def make_rows(folder: Path, passes: int, *, seed: int) -> Rows:
    """All rows `passes` times, unanswerable ones among them; the smallest documents validate.

    Each time the passages are cut anew around what answers, and other questions are unanswerable:
    a row that comes again teaches something again.
    """
    sizes = Counter(row["document"] for row in _read(folder / "train.jsonl"))
    chosen = sorted(sizes, key=lambda document: (sizes[document], document))[:VALIDATION_DOCUMENTS]
    train = []
    for number in range(seed, seed + passes):
        rows = [r for r in read_training(folder, seed=number) if r.document not in chosen]
        train += with_unanswerables(rows, share=UNANSWERABLE_SHARE, seed=number)
    left = [row for row in read_training(folder, seed=seed) if row.document in chosen]
    return Rows(train, with_unanswerables(left, share=UNANSWERABLE_SHARE, seed=seed))


def write_chat_rows(path: Path, rows: Sequence[Asked]) -> None:
    """Write rows in chat format, open-book."""
    lines = []
    for row in rows:
        messages = row.prompt(is_open=True).messages()
        answer = {"role": "assistant", "content": row.answer}
        lines.append(orjson.dumps({"messages": [*messages, answer]}))
    path.write_bytes(b"\n".join(lines) + b"\n")


def _read(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def _asked(
    row: dict[str, Any], answer: str, spans: Sequence[tuple[int, int]], rng: random.Random
) -> Asked:
    title, section = row["title"], row["section"]
    return Asked(
        question=row["question"],
        answer=answer,
        kind=row["kind"],
        document=row["document"],
        place=f"{title} > {section}" if section else title,
        context=row["context"],
        passage=_cut(row["context"], spans, rng),
    )


def _cut(context: str, spans: Sequence[tuple[int, int]], rng: random.Random) -> str:
    """Whole sentences around the spans, as many as there is room for; gaps are marked."""
    sentences = _sentences(context)
    chosen = {
        i
        for i, s in enumerate(sentences)
        if any(start < s.end_char and s.start_char < end for start, end in spans)
    }
    chosen = chosen or {0}
    while True:
        size = sum(len(_text(context, sentences[i])) for i in chosen)
        near = [
            i
            for i in range(len(sentences))
            if i not in chosen
            and ({i - 1, i + 1} & chosen)
            and size + len(_text(context, sentences[i])) <= PASSAGE_CHARS
        ]
        if not near:
            break
        chosen.add(rng.choice(near))
    parts, former = list[str](), -1
    for i in sorted(chosen):
        if parts:
            gap = context[sentences[former].end_char : sentences[i].start_char]
            parts.append(gap if i == former + 1 else "\n...\n")
        parts.append(_text(context, sentences[i]))
        former = i
    return "".join(parts)


@cache
def _sentences(context: str) -> list[Span]:
    """Those of a context, which several passes and questions cut anew."""
    return split_sentences(context)


def _text(context: str, span: Span) -> str:
    return context[span.start_char : span.end_char]
