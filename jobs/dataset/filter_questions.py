"""Finds what is wrong with a question, without asking a model."""

from jobs.text.content_words import content_overlap
from jobs.text.english_phrases import ABOUT_THE_BOOK, LEANING_QUESTION, SECOND_QUESTION
from schemas.dataset import Fault
from schemas.settings import QuestionSettings

QUESTION_MARKS = ("?", "\uff1f", "\u061f", "\u037e")  # Latin, full-width, Arabic, Greek


def find_question_fault(text: str, evidence: str, settings: QuestionSettings) -> Fault | None:
    """The first fault of the question `text` asked about `evidence`, None if it passes."""
    return (
        _find_form_fault(text, settings)
        or _find_phrase_fault(text)
        or _find_evidence_fault(text, evidence, settings)
    )


def _find_form_fault(text: str, settings: QuestionSettings) -> Fault | None:
    if len(text) < settings.min_chars:
        return Fault("too_short", len(text), settings.min_chars)
    if len(text) > settings.max_chars:
        return Fault("too_long", len(text), settings.max_chars)
    if not text.endswith(QUESTION_MARKS):
        return Fault("no_question_mark")
    return Fault("not_one_question") if SECOND_QUESTION.search(text) else None


def _find_phrase_fault(text: str) -> Fault | None:
    if ABOUT_THE_BOOK.search(text):
        return Fault("about_the_book")
    return Fault("leans_on_context") if LEANING_QUESTION.search(text) else None


def _find_evidence_fault(text: str, evidence: str, settings: QuestionSettings) -> Fault | None:
    overlap = content_overlap(text, evidence)
    if overlap < settings.min_evidence_overlap:
        return Fault("low_evidence_overlap", overlap, settings.min_evidence_overlap)
    return None
