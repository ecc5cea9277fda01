"""Finds answers that say as true what their evidence denies, in nearly the same words.

"The ferry sails above 9 Beaufort" where the evidence says "the ferry does not sail". Only what is
sure is found: a clause that denies, all of whose words an answer says that denies nothing. What
limits ("only", "before", "unless") turns what may be said round, and is left alone.
"""

import re
from collections.abc import Collection, Iterator

from jobs.dataset.filters.source_text import SourceText
from jobs.text.sentences import split_sentences
from jobs.text.word_overlap import telling_words
from jobs.text.wording.answer_forms import denies, without_negations
from schemas.dataset import Fault

MIN_WORDS = 2  # of a clause
MIN_SHARED_LETTERS = 4  # of two forms of a word

_CUT = re.compile(
    r"[,;:](?=\s|$)|[\u3001\uff0c\uff1b\uff1a]|\n|\s[-\u2013\u2014]\s"
    r"|\b(?:but|whereas|aber|sondern|mais|pero|ma)\b"
)
# Limits, reversals, and words that deny by what they mean.
_TURNS = re.compile(
    r"\b(?:only|before|until|unless|without|than|more|less|later|longer|yet|except\w*|exempt\w*"
    r"|either|all|every|always|necessarily|just|alone|free|forbidden|forbid\w*|prohibit\w*|banned"
    r"|refus\w*|reject\w*|avoid\w*|prevent\w*|instead|stay\w*|remain\w*|unable|impossible|lack\w*"
    r"|nur|bevor|bis|au\u00dfer|ohne|mehr|weniger|erst|alle\w*|immer|verbot\w*|frei|kostenlos"
    r"|gratis|statt|solange|seul\w*|avant|jusqu\w*|sauf|sans|plus|moins|toujours|tou[ts]\w*"
    r"|interdi\w*|gratuit\w*|s[o\u00f3]lo|solamente|antes|hasta|salvo|excepto|sin|m\u00e1s|menos"
    r"|siempre|tod[oa]s?|prohibid\w*|soltanto|prima|finch\u00e9|tranne|senza|pi\u00f9|meno|sempre"
    r"|tutt\w*|vietat\w*)\b"
    r"|\bn(?:e\s|['\u2019])\w+\sque\b"  # "ne vend que": only
    r"|\u3060\u3051|\u307e\u3067|\u524d\u306b|\u4ee5\u5916|\u7981\u6b62|\u3057\u304b|\u3079\u304d"
    r"|\u53ea|\u4e4b\u524d|\u9664|\u90fd|\u624d|\u5fc5\u987b",
    re.IGNORECASE,
)


def find_lost_negation(text: str, question: str, source: SourceText) -> Fault | None:
    """The first clause of the evidence that an answer says without its negation."""
    if any(denies(each) or _TURNS.search(each) for each in (text, question)):
        return None
    said = telling_words(text)
    affirmed = [telling_words(clause) for clause in _clauses(source.evidence) if not denies(clause)]
    for clause in _clauses(source.evidence):
        if not denies(clause) or _TURNS.search(clause):
            continue
        words = telling_words(without_negations(clause))
        is_said = len(words) >= MIN_WORDS and _are_among(words, said)
        if is_said and not any(_are_among(words, each) for each in affirmed):
            return Fault("lost_negation", detail=clause.strip())
    return None


def _clauses(text: str) -> Iterator[str]:
    for span in split_sentences(text):
        yield from _CUT.split(text[span.start_char : span.end_char])


def _are_among(words: Collection[str], others: Collection[str]) -> bool:
    return all(any(_are_forms(word, other) for other in others) for word in words)


def _are_forms(one: str, other: str) -> bool:
    """Whether they are equal, or words that begin alike but for an ending of two letters."""
    if one == other:
        return True
    least = max(MIN_SHARED_LETTERS, min(len(one), len(other)) - 2)
    return one.isalpha() and one.isascii() and one[:least] == other[:least]
