"""Finds answers that give one thing the value of another, by the words that stand beside values.

Where evidence has several values of one kind (55 minutes and 35 minutes, two options), the words
that stand beside one of them alone tell what it belongs to. An answer that says one value and all
the words of another one, and not all of its own, has swapped them. No language is needed but
for the words at which a sentence is cut; what is said in other words is left alone.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from jobs.dataset.filters.source_text import SourceText
from jobs.text.content_words import STEM_CHARS
from jobs.text.stop_words import STOP_WORDS
from jobs.text.word_overlap import telling_words
from jobs.text.wording.answer_forms import denies
from jobs.text.wording.exact_names import find_code
from jobs.text.wording.quantities import find_quantities, find_quantities_in_words
from schemas.dataset import Fault

_CUT = re.compile(
    r"[.,;:!?\u2026](?=\s|$)|[\u3001\u3002\uff0c\uff1b\uff1a\uff1f\uff01]|\n|\s\(|(?<!\()\)(?=\W|$)|\s[-\u2013\u2014]\s"
    r"|\b(?:and|but|while|whereas|und|aber|sondern|w\u00e4hrend|et|mais|tandis que|alors que"
    r"|y|pero|mientras)\b|\u800c|\u4f46",
    re.IGNORECASE,
)
# "A and B take 35 and 55 minutes, respectively": order tells, not the neighbours.
_BY_ORDER = re.compile(
    r"\b(?:respectively|jeweils|beziehungsweise|bzw|respectivement|respectivamente)\b"
    r"|\u305d\u308c\u305e\u308c|\u5206\u522b|\u5206\u5225",
    re.IGNORECASE,
)
_CODE = "code"


class _Value(NamedTuple):
    """What may be swapped, for a value of its kind alone."""

    kind: str
    name: str


class _Clause(NamedTuple):
    """A part of a sentence: its values as they are written, the beginnings of its telling words.

    `denies`: it says that something is not so.
    """

    values: Mapping[_Value, str]
    words: frozenset[str]
    denies: bool


class _Owner(NamedTuple):
    """The words that stand beside a value and nowhere else, and the values beside it."""

    words: frozenset[str]
    beside: frozenset[_Value]


class _Claim(NamedTuple):
    """A value of an answer, what is said of it, and the other values of its kind beside it."""

    value: _Value
    words: frozenset[str]
    beside: frozenset[_Value]


def find_swapped(text: str, question: str, source: SourceText) -> Fault | None:
    """The first value of an answer that belongs to something else in its evidence."""
    if _BY_ORDER.search(source.evidence):
        return None
    owners = _owners(_clauses(source.evidence))
    answered, asked = _clauses(text), _clauses(question)
    for kind, count in Counter(value.kind for value in owners).items():
        if count > 1:
            for claim in _claims(answered, asked, [v for v in owners if v.kind == kind]):
                if other := _find_other(claim, owners):
                    return Fault("value_of_another", detail=f"{claim.value.name} for {other.name}")
    return None


def _find_other(claim: _Claim, owners: Mapping[_Value, _Owner]) -> _Value | None:
    """Another value of the kind, all of whose words are said, where not all of its own are."""
    own = owners[claim.value]
    if not own.words or own.words <= claim.words:
        return None
    for value, owner in owners.items():
        is_told = bool(owner.words) and owner.words <= claim.words
        if value.kind == claim.value.kind and is_told and claim.beside <= own.beside & owner.beside:
            return value
    return None


def _clauses(text: str) -> list[_Clause]:
    return [_read(part) for part in _CUT.split(text) if part.strip()]


def _read(part: str) -> _Clause:
    values: dict[_Value, str] = {}
    for each in (*find_quantities(part), *find_quantities_in_words(part)):
        counted = "" if each.counted in STOP_WORDS else each.counted
        values[_Value(each.unit or f"count of {counted}", each.number)] = each.written
    prose = part
    for name in find_code(part):
        values[_Value(_CODE, name.casefold())] = name
        prose = prose.replace(name, "")  # `--no-wait` denies nothing
    return _Clause(values, _stems(part), denies(prose))


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:STEM_CHARS] for word in telling_words(text))


def _owners(clauses: Sequence[_Clause]) -> dict[_Value, _Owner]:
    """What belongs to each value that stands once, and alone of its kind in its clause."""
    word_counts = Counter(word for clause in clauses for word in clause.words)
    value_counts = Counter(value for clause in clauses for value in clause.values)
    owners = {}
    for clause in clauses:
        once = [value for value in clause.values if value_counts[value] == 1]
        kinds = Counter(value.kind for value in once)
        for value in (each for each in once if kinds[each.kind] == 1):
            others = clause.words - _stems(clause.values[value])
            words = frozenset(word for word in others if word_counts[word] == 1)
            owners[value] = _Owner(words, frozenset(clause.values) - {value})
    return owners


def _claims(
    answered: Sequence[_Clause], asked: Sequence[_Clause], known: Collection[_Value]
) -> Iterator[_Claim]:
    """What an answer says of the known values of one kind.

    Of its only one it says all that it says, and all that it was asked; of several what
    stands in their clause. Where it has none, it says it of the only one of its question. What
    is denied is said of nothing.
    """
    said = [value for clause in answered for value in clause.values if value in known]
    if len(said) > 1:
        for clause in answered:
            here = [value for value in clause.values if value in known]
            if len(here) == 1 and not clause.denies:
                yield _claim(here[0], [clause])
        return
    only = said or [value for clause in asked for value in clause.values if value in known]
    if len(only) == 1 and not any(clause.denies for clause in answered):
        (value,) = only
        others = frozenset(known) - {value}
        yield _claim(value, [c for c in (*answered, *asked) if not others & c.values.keys()])


def _claim(value: _Value, clauses: Sequence[_Clause]) -> _Claim:
    words = frozenset(word for clause in clauses for word in clause.words)
    values = (each for clause in clauses for each in clause.values if each.kind == value.kind)
    return _Claim(value, words, frozenset(values) - {value})
