"""Finds what is wrong with an answer, without asking a model."""

import re

from jobs.dataset.filters.grounding import find_spoken_to_model, find_ungrounded
from jobs.dataset.filters.lost_negations import find_lost_negation
from jobs.dataset.filters.source_text import SourceText
from jobs.text.content_words import content_overlap, copy_share, width
from jobs.text.languages import detect_language, differs_in_language
from jobs.text.numbers.quantities import find_quantities, find_quantities_in_words, numbers_in
from jobs.text.word_overlap import count_spoken_words, word_overlap
from jobs.text.wording import more_phrases
from jobs.text.wording.answer_forms import (
    denies_to_answer,
    only_says_question,
    opens_with_courtesy,
    repeats_itself,
)
from jobs.text.wording.english_phrases import LEANING_ANSWER, NON_ANSWER
from jobs.text.wording.fair_phrases import without_fair_phrases
from jobs.text.wording.pointers import find_pointer
from schemas.dataset import Fault
from schemas.settings import AnswerSettings

MIN_COPY_WORDS = 40  # a shorter answer may rightly be one sentence of the source
MAX_VALUE_WIDTH = 30  # characters of an amount with its unit and a word or two

_CODE_ALONE = re.compile(r"`[^`\n]+`[.]?|```.+```", re.DOTALL)
_ENDED = re.compile(r"[.!?:;\u2026\u3002\uff01\uff1f`)\]\u300d\u300f\"\u201d\u00bb|*]\s*$")
_LAST_LINE_OF_LIST = re.compile(r"(?:^|\n)[^\S\n]*(?:[-*+\u2022]|\d{1,3}[.)])\s[^\n]+$")


def find_answer_fault(
    text: str, question: str, evidence: str, chunk_text: str, settings: AnswerSettings
) -> Fault | None:
    """The first fault of an answer, None if it passes all filters.

    `evidence` is the text that the answer rests on, a part of `chunk_text`. An empty answer is
    how the prompt has the teacher say that the text holds none.
    """
    return (
        _find_form_fault(text, question, settings)
        or _find_phrase_fault(text)
        or _find_evidence_fault(text, evidence, settings)
        or _find_copy_fault(text, chunk_text, settings)
        or _find_language_fault(text, chunk_text)
    )


def find_grounded_answer_fault(
    text: str, question: str, source: SourceText, settings: AnswerSettings
) -> Fault | None:
    """The first fault of an answer, also against its source, in any language."""
    return (
        _find_form_fault(text, question, settings)
        or _find_phrase_fault(plain := without_fair_phrases(text, source.evidence))
        or _find_other_phrase_fault(text)
        or _find_pointer(plain, question, source)
        or _find_unfinished(text)
        or _find_empty(text, question, source)
        or (Fault("no_evidence") if not source.evidence else None)
        or find_spoken_to_model(source)
        or _find_other_language(text, source)
        or find_ungrounded(text, question, source)
        or find_lost_negation(text, question, source)
        or _find_overlap_fault(_overlap(text, question, source), settings)
        or _find_copy_fault(text, source.chunk_text, settings)
    )


def _overlap(text: str, question: str, source: SourceText) -> float:
    """With evidence and question; a number in words is known as digits too."""
    numbers = " ".join(sorted(numbers_in(source.evidence)))
    return word_overlap(text, source.near, question, numbers)


def _find_form_fault(text: str, question: str, settings: AnswerSettings) -> Fault | None:
    if not text:
        return Fault("not_answered")
    if width(text) < settings.min_chars and not _is_value(text, settings):
        return Fault("too_short", width(text), settings.min_chars)
    if len(text) > settings.max_chars:
        return Fault("too_long", len(text), settings.max_chars)
    return Fault("repeats_question") if text.casefold() == question.casefold() else None


def _is_value(text: str, settings: AnswerSettings) -> bool:
    """`ignore`, 40 cm: as short as the value that was asked for."""
    if settings.filters != "grounded":
        return False
    if _CODE_ALONE.fullmatch(text):
        return True
    is_short = width(text) <= MAX_VALUE_WIDTH
    return is_short and any((*find_quantities(text), *find_quantities_in_words(text)))


def _find_phrase_fault(text: str) -> Fault | None:
    if NON_ANSWER.search(text):
        return Fault("not_answered")
    return Fault("leans_on_context") if LEANING_ANSWER.search(text) else None


def _find_evidence_fault(text: str, evidence: str, settings: AnswerSettings) -> Fault | None:
    if not evidence:
        return Fault("no_evidence")
    return _find_overlap_fault(content_overlap(text, evidence), settings)


def _find_overlap_fault(overlap: float, settings: AnswerSettings) -> Fault | None:
    if overlap < settings.min_evidence_overlap:
        return Fault("low_evidence_overlap", overlap, settings.min_evidence_overlap)
    return None


def _find_copy_fault(text: str, chunk_text: str, settings: AnswerSettings) -> Fault | None:
    if count_spoken_words(text) < MIN_COPY_WORDS:
        return None
    share = copy_share(text, chunk_text)
    return (
        Fault("copied", share, settings.max_copy_share) if share > settings.max_copy_share else None
    )


def _find_language_fault(text: str, chunk_text: str) -> Fault | None:
    language = detect_language(text)
    if language is None or detect_language(chunk_text) in (None, language):
        return None
    return Fault("other_language")


def _find_other_phrase_fault(text: str) -> Fault | None:
    if more_phrases.PREFACE.search(text):
        return Fault("preface")
    if more_phrases.NON_ANSWER.search(text):
        return Fault("not_answered")
    return Fault("leans_on_context") if more_phrases.LEANING_ANSWER.search(text) else None


def _find_pointer(plain: str, question: str, source: SourceText) -> Fault | None:
    """`plain` is the answer without its fair phrases."""
    pointer = find_pointer(plain, f"{source.chunk_text}\n{question}")
    return Fault("leans_on_context", detail=pointer) if pointer else None


def _find_empty(text: str, question: str, source: SourceText) -> Fault | None:
    """Many words, or denials, and nothing of the source in them."""
    if opens_with_courtesy(text, f"{source.whole}\n{question}"):
        return Fault("preface")
    if repeats_itself(text):
        return Fault("repeats_itself")
    if only_says_question(text, question):
        return Fault("repeats_question")
    return Fault("not_answered") if denies_to_answer(text, question, source.near) else None


def _find_unfinished(text: str) -> Fault | None:
    """An answer that ends like no sentence, no code and no list: a fragment, or cut off."""
    if _ENDED.search(text) or _LAST_LINE_OF_LIST.search(text):
        return None
    return Fault("not_a_sentence")


def _find_other_language(text: str, source: SourceText) -> Fault | None:
    is_other = source.is_in_all(lambda language: differs_in_language(text, language))
    return Fault("other_language") if is_other else None
