"""Finds answers that give one thing the value of another, by the words that stand beside values.

Where evidence has several values of one kind (55 minutes and 35 minutes, two options), the words
that stand beside one of them alone tell what it belongs to. An answer that says one value and all
the words of another one, and not all of its own, has swapped them. A question may name the other
thing only to set it beside ("compared with the backup"): an answer that does not speak of it
itself is right where its own thing is named for sure. No language is needed but for the words at
which a sentence is cut or sets things beside each other; other words are left alone.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from jobs.dataset.filters.source_text import SourceText
from jobs.text.content_words import STEM_CHARS
from jobs.text.numbers.quantities import Quantity, find_quantities, find_quantities_in_words
from jobs.text.numbers.same_amounts import find_sums, in_base_unit
from jobs.text.sentences import split_sentences
from jobs.text.stop_words import STOP_WORDS
from jobs.text.word_overlap import telling_words
from jobs.text.wording.answer_forms import denies
from jobs.text.wording.exact_names import find_code, find_name_pairs
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
# What sets one thing beside another that is not asked for.
_BESIDE = re.compile(
    r"\b(?:after|before|besides|compared|comparison|contrast|except|instead|opposed|rather|than"
    r"|unlike|versus|vs|without"
    r"|anders als|anstatt|anstelle|au\u00dfer|gegen\u00fcber|gegensatz|nach|nachdem|ohne|statt"
    r"|unterschied|vergleich|verglichen|vor|bevor"
    r"|apr\u00e8s|au lieu|avant|contrairement|hormis|outre|par rapport|plut\u00f4t|sans|sauf"
    r"|compar\u00e9e?s?|comparaison"
    r"|a diferencia|antes|comparaci\u00f3n|comparad[ao]s?|despu\u00e9s|en lugar|en vez|excepto"
    r"|frente a|salvo|sin|tras"
    r"|a differenza|anzich\u00e9|confronto|dopo|invece|piuttosto|prima|rispetto|senza|tranne)\b"
    r"|\u6bd4\u3079|\u3088\u308a|\u4ee3\u308f\u308a|\u5f8c\u306b|\u306e\u5f8c|\u306e\u524d|\u524d\u306b|\u4ee5\u5916"
    r"|\u9055\u3063\u3066"
    r"|\u76f8\u6bd4|\u6bd4\u8d77|\u4e4b\u540e|\u4ee5\u540e|\u4e4b\u524d|\u9664\u4e86|\u4e0d\u540c\u4e8e|\u800c\u4e0d\u662f",
    re.IGNORECASE,
)
_CODE, _NAME = "code", "name"
_WORD = re.compile(r"[^\W\d_]+")


class _Value(NamedTuple):
    """What may be swapped, for a value of its kind alone."""

    kind: str
    name: str


class _Clause(NamedTuple):
    """A part of a sentence: its values as they are written, the beginnings of its telling words.

    `sentence`: which one of its text, from 0. `denies`: it says that something is not so.
    `sets_beside`: it sets one thing beside another.
    """

    sentence: int
    values: Mapping[_Value, str]
    words: frozenset[str]
    denies: bool
    sets_beside: bool


class _Owner(NamedTuple):
    """The words that stand beside a value and nowhere else, and the values beside it.

    `sure`: those that no later part of its sentence can share, as "a crossing takes" is shared in
    "a crossing takes 25 minutes in summer and 40 minutes in winter".
    """

    words: frozenset[str]
    sure: frozenset[str]
    beside: frozenset[_Value]


class _Claim(NamedTuple):
    """A value of an answer, what is said of it, and the other values of its kind beside it.

    `told`: which of the words are the answer's. `sets_beside`: the answer sets things beside
    each other. `is_compared`: its question does, or denies one.
    """

    value: _Value
    words: frozenset[str]
    told: frozenset[str]
    sets_beside: bool
    is_compared: bool
    beside: frozenset[_Value]


def find_swapped(text: str, question: str, source: SourceText) -> Fault | None:
    """The first value of an answer that belongs to something else in its evidence."""
    if _BY_ORDER.search(source.evidence):
        return None
    names = _names_in(source.evidence)
    evidence = _clauses(source.evidence, names)
    owners = _owners(evidence)
    kinds = [kind for kind, count in Counter(v.kind for v in owners).items() if count > 1]
    if not kinds:
        return None
    answered, asked = _clauses(text, names), _clauses(question, names)
    for kind in kinds:
        for claim in _claims(answered, asked, [v for v in owners if v.kind == kind]):
            if other := _find_other(claim, owners):
                said = {value: each for c in evidence for value, each in c.values.items()}
                detail = f"{said[claim.value]} for {said[other]}"
                return Fault("value_of_another", detail=detail)
    return None


def _find_other(claim: _Claim, owners: Mapping[_Value, _Owner]) -> _Value | None:
    """Another value of the kind, all of whose words are said, where not all of its own are."""
    own = owners[claim.value]
    if not own.words or own.words <= claim.words:
        return None
    for value, owner in owners.items():
        is_told = bool(owner.words) and owner.words <= claim.words
        is_beside_both = claim.beside <= own.beside & owner.beside
        if value.kind != claim.value.kind or not is_told or not is_beside_both:
            continue
        if not _is_of_its_own(claim, own, owner):
            return value
    return None


def _is_of_its_own(claim: _Claim, own: _Owner, other: _Owner) -> bool:
    """Whether its own thing is named, and the other one only set beside it or in the question."""
    if other.words & claim.told:
        return claim.sets_beside and bool(own.sure & claim.told)
    if own.sure & claim.words or 2 * len(own.words & claim.told) > len(own.words):
        return True
    return claim.is_compared and bool(own.words & claim.words)


def _names_in(text: str) -> Mapping[str, str]:
    """The names of two words of a text by their second: people for the most, "Ines Moreau"."""
    pairs = tuple(find_name_pairs(text))
    firsts = {pair.first for pair in pairs}
    return {
        pair.second: f"{pair.first} {pair.second}" for pair in pairs if pair.second not in firsts
    }


def _clauses(text: str, names: Mapping[str, str]) -> list[_Clause]:
    return [
        _read(part, number, names)
        for number, span in enumerate(split_sentences(text))
        for part in _CUT.split(text[span.start_char : span.end_char])
        if part.strip()
    ]


def _read(part: str, sentence: int, names: Mapping[str, str]) -> _Clause:
    values: dict[_Value, str] = {}
    for each in _quantities(part):
        counted = "" if each.counted in STOP_WORDS else each.counted
        amount = in_base_unit(each)
        values[_Value(amount.unit or f"count of {counted}", amount.number)] = each.written
    prose = part
    for name in find_code(part):
        values[_Value(_CODE, name.casefold())] = name
        prose = prose.replace(name, "")  # `--no-wait` denies nothing
    for word in _WORD.findall(part) if names else ():
        if word in names:
            values[_Value(_NAME, names[word])] = names[word]
    return _Clause(sentence, values, _stems(part), denies(prose), _BESIDE.search(prose) is not None)


def _quantities(part: str) -> Iterator[Quantity]:
    sums = tuple(find_sums(part))
    parts = {part for each in sums for part in each.parts}
    yield from (each.whole for each in sums)
    for each in (*find_quantities(part), *find_quantities_in_words(part)):
        if each not in parts:
            yield each


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:STEM_CHARS] for word in telling_words(text))


def _kinds_later(clauses: Sequence[_Clause]) -> list[frozenset[str]]:
    """For each clause the kinds of values that stand behind it in its sentence."""
    found: list[frozenset[str]] = []
    sentence, kinds = -1, frozenset[str]()
    for clause in reversed(clauses):
        if clause.sentence != sentence:
            sentence, kinds = clause.sentence, frozenset()
        found.append(kinds)
        kinds |= {value.kind for value in clause.values}
    return found[::-1]


def _owners(clauses: Sequence[_Clause]) -> dict[_Value, _Owner]:
    """What belongs to each value that stands once, and alone of its kind in its clause."""
    word_counts = Counter(word for clause in clauses for word in clause.words)
    value_counts = Counter(value for clause in clauses for value in clause.values)
    owners = {}
    later = _kinds_later(clauses)
    for clause, kinds_later in zip(clauses, later, strict=True):
        once = [value for value in clause.values if value_counts[value] == 1]
        kinds = Counter(value.kind for value in once)
        for value in (each for each in once if kinds[each.kind] == 1):
            others = clause.words - _stems(clause.values[value])
            words = frozenset(word for word in others if word_counts[word] == 1)
            sure = frozenset[str]() if value.kind in kinds_later else words
            owners[value] = _Owner(words, sure, frozenset(clause.values) - {value})
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
                yield _claim(here[0], [clause], [])
        return
    only = said or [value for clause in asked for value in clause.values if value in known]
    if len(only) == 1 and not any(clause.denies for clause in answered):
        (value,) = only
        others = frozenset(known) - {value}
        told, heard = (
            [clause for clause in clauses if not others & clause.values.keys()]
            for clauses in (answered, asked)
        )
        yield _claim(value, told, heard)


def _claim(value: _Value, answered: Sequence[_Clause], asked: Sequence[_Clause]) -> _Claim:
    told = frozenset(word for clause in answered for word in clause.words)
    beside = (
        each for clause in (*answered, *asked) for each in clause.values if each.kind == value.kind
    )
    return _Claim(
        value,
        told.union(*(clause.words for clause in asked)),
        told,
        sets_beside=any(clause.sets_beside for clause in answered),
        is_compared=any(clause.sets_beside or clause.denies for clause in asked),
        beside=frozenset(beside) - {value},
    )
