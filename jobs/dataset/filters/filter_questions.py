"""Finds what is wrong with a question, without asking a model."""

import re

from jobs.dataset.filters.grounding import find_spoken_to_model, find_unknown_code
from jobs.dataset.filters.source_text import SourceText
from jobs.text.content_words import content_overlap, width
from jobs.text.languages import differs_in_language
from jobs.text.word_overlap import telling_words, word_overlap
from jobs.text.wording import more_phrases
from jobs.text.wording.english_phrases import ABOUT_THE_BOOK, LEANING_QUESTION, SECOND_QUESTION
from jobs.text.wording.fair_phrases import without_fair_phrases
from jobs.text.wording.pointers import find_demonstrative, find_pointer
from jobs.text.wording.question_forms import (
    asks_in_other_language,
    asks_twice,
    asks_yes_or_no,
    names_nothing,
    stands_on_pronoun,
)
from schemas.dataset import Fault, Kind
from schemas.settings import QuestionSettings

QUESTION_MARKS = ("?", "\uff1f", "\u061f", "\u037e")  # Latin, full-width, Arabic, Greek
_ASKED_IN_JAPANESE = re.compile(r"(?:です|ます|でしょう|ました|でした|ません)か[。．]?$")
INVENTS_NAMES: tuple[Kind, ...] = ("application", "false_premise")  # of the case that it describes


def find_question_fault(text: str, evidence: str, settings: QuestionSettings) -> Fault | None:
    """The first fault of the question `text`, by its form, English phrases and shared words."""
    return (
        _find_form_fault(text, settings)
        or _find_phrase_fault(text)
        or _find_evidence_fault(content_overlap(text, evidence), settings)
    )


def find_grounded_question_fault(
    text: str, kind: Kind, source: SourceText, settings: QuestionSettings
) -> Fault | None:
    """The first fault of the question `text`, also against its source, in any language."""
    return (
        _find_form_fault(text, settings)
        or _find_other_form_fault(text, source)
        or _find_phrase_fault(plain := without_fair_phrases(text, source.evidence))
        or _find_other_phrase_fault(text)
        or _find_pointer(text, plain, source)
        or _find_language_fault(text, source)
        or (None if kind in INVENTS_NAMES else find_unknown_code(text, source))
        or find_spoken_to_model(source)
        or _find_evidence_fault(_overlap(text, source), settings)
    )


def _overlap(text: str, source: SourceText) -> float:
    """With the evidence; a question in other words than that may share some with its chunk."""
    return max(word_overlap(text, source.near), word_overlap(text, source.whole) / 2)


def _find_form_fault(text: str, settings: QuestionSettings) -> Fault | None:
    if width(text) < settings.min_chars:
        return Fault("too_short", width(text), settings.min_chars)
    if len(text) > settings.max_chars:
        return Fault("too_long", len(text), settings.max_chars)
    if not text.endswith(QUESTION_MARKS) and not _ASKED_IN_JAPANESE.search(text):
        return Fault("no_question_mark")
    return Fault("not_one_question") if SECOND_QUESTION.search(text) else None


def _find_other_form_fault(text: str, source: SourceText) -> Fault | None:
    if more_phrases.SECOND_QUESTION.search(text) or asks_twice(text):
        return Fault("not_one_question")
    if source.is_in_all(lambda language: asks_yes_or_no(text, language)):
        return Fault("yes_or_no")
    return Fault("names_nothing") if names_nothing(telling_words(text)) else None


def _find_phrase_fault(text: str) -> Fault | None:
    if ABOUT_THE_BOOK.search(text):
        return Fault("about_the_book")
    return Fault("leans_on_context") if LEANING_QUESTION.search(text) else None


def _find_other_phrase_fault(text: str) -> Fault | None:
    if more_phrases.ABOUT_THE_BOOK.search(text):
        return Fault("about_the_book")
    return Fault("leans_on_context") if more_phrases.LEANING_QUESTION.search(text) else None


def _find_pointer(text: str, plain: str, source: SourceText) -> Fault | None:
    """`plain` is the text without its fair phrases."""
    pointer = find_pointer(plain, source.chunk_text) or find_demonstrative(text)
    if pointer:
        return Fault("leans_on_context", detail=pointer)
    return Fault("leans_on_context") if stands_on_pronoun(text) else None


def _find_language_fault(text: str, source: SourceText) -> Fault | None:
    is_other = source.is_in_all(
        lambda language: (
            differs_in_language(text, language) or asks_in_other_language(text, language)
        )
    )
    return Fault("other_language") if is_other else None


def _find_evidence_fault(overlap: float, settings: QuestionSettings) -> Fault | None:
    if overlap < settings.min_evidence_overlap:
        return Fault("low_evidence_overlap", overlap, settings.min_evidence_overlap)
    return None
