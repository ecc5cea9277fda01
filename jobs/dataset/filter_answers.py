"""Finds what is wrong with an answer, without asking a model."""

from jobs.text.content_words import content_overlap, copy_share, count_words
from jobs.text.english_phrases import LEANING_ANSWER, NON_ANSWER
from jobs.text.languages import detect_language
from schemas.dataset import Fault
from schemas.settings import AnswerSettings

MIN_COPY_WORDS = 40  # a shorter answer may rightly be one sentence of the source


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


def _find_form_fault(text: str, question: str, settings: AnswerSettings) -> Fault | None:
    if not text:
        return Fault("not_answered")
    if len(text) < settings.min_chars:
        return Fault("too_short", len(text), settings.min_chars)
    if len(text) > settings.max_chars:
        return Fault("too_long", len(text), settings.max_chars)
    return Fault("repeats_question") if text.casefold() == question.casefold() else None


def _find_phrase_fault(text: str) -> Fault | None:
    if NON_ANSWER.search(text):
        return Fault("not_answered")
    return Fault("leans_on_context") if LEANING_ANSWER.search(text) else None


def _find_evidence_fault(text: str, evidence: str, settings: AnswerSettings) -> Fault | None:
    if not evidence:
        return Fault("no_evidence")
    overlap = content_overlap(text, evidence)
    if overlap < settings.min_evidence_overlap:
        return Fault("low_evidence_overlap", overlap, settings.min_evidence_overlap)
    return None


def _find_copy_fault(text: str, chunk_text: str, settings: AnswerSettings) -> Fault | None:
    if count_words(text) < MIN_COPY_WORDS:
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
