"""The answers side by side, as the JSON that the report's script shows."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from jobs.comparison.group import TIE_BELOW
from jobs.comparison.run import ComparedRun
from jobs.comparison.shown.side_by_side import ScoredAnswer, put_side_by_side
from jobs.comparison.shown.table import pair_label
from schemas.comparison import Comparison
from schemas.evaluation import Metric
from schemas.requests import Json

# What could end a script element or begin markup in it; JSON reads the escapes as the same text.
_ESCAPES = {b"<": b"\\u003c", b">": b"\\u003e", b"&": b"\\u0026"}


class AnswerChoices(NamedTuple):
    """What the reader can choose by: names beside the numbers that stand for them in the data."""

    slices: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]  # value "4-1": contender 4 less contender 1, and its label
    metrics: tuple[str, ...]


def answer_choices(comparison: Comparison) -> AnswerChoices:
    """The choices that this comparison offers."""
    place = {contender: i for i, contender in enumerate(comparison.contenders)}
    pairs = dict.fromkeys((d.contender, d.versus) for d in comparison.answerable.differences)
    return AnswerChoices(
        slices=tuple(group.name for group in comparison.slices),
        pairs=tuple((f"{place[a]}-{place[b]}", pair_label(a, b)) for a, b in pairs),
        metrics=tuple(metric.replace("_", " ") for metric in comparison.metrics),
    )


def encode_answer_data(compared: ComparedRun) -> str:
    """One row a question, in the order of their ids, safe inside a script element.

    Keys are short because they occur thousands of times; report.js names them. A context that
    several questions share stands once. Evidence is in Unicode characters of the context.
    """
    contenders, metrics = compared.comparison.contenders, compared.comparison.metrics
    contexts: dict[str, int] = {}
    rows: list[Json] = []
    for question, answers in put_side_by_side(compared.evaluation, contenders):
        rows.append(
            {
                "q": question.question,
                "s": question.slice,
                "p": question.path,
                "t": question.title,
                "k": question.kind,
                "c": contexts.setdefault(question.context, len(contexts)),
                "e": [[span.start_char, span.end_char] for span in question.evidence],
                "a": [_answer(scored, metrics) for scored in answers],
            }
        )
    data: Mapping[str, Json] = {
        "tieBelow": TIE_BELOW,
        "contenders": [[contender.name, contender.model] for contender in contenders],
        "metrics": [metric.replace("_", " ") for metric in metrics],
        "contexts": list(contexts),
        "rows": rows,
    }
    return script_json(data)


def script_json(data: Mapping[str, Json]) -> str:
    """JSON that can stand inside a script element: nothing in it is taken for markup."""
    text = orjson.dumps(data)
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text.decode()


def _answer(scored: ScoredAnswer | None, metrics: Sequence[Metric]) -> Json:
    if scored is None:
        return None
    scores = [scored.scores.get(metric) for metric in metrics]
    return {
        "t": scored.answer.text,
        "r": bool(scored.is_refusal),
        "v": [score.value if score else None for score in scores],
        "w": [score.problem if score else "not scored" for score in scores],
    }
