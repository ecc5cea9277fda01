"""Tells the language of a text."""

from functools import cache
from typing import Protocol

MIN_TEXT_BYTES = 40  # in UTF-8: about seven English words, fourteen Chinese characters
MAX_TEXT_CHARS = 600  # a language shows in that; a call takes time in proportion
MIN_CONFIDENCE = 0.6  # below it lie all the mistakes made on 5,763 paragraphs of technical English

_SAME_LANGUAGE = {"nn": "no"}  # Nynorsk and Bokmål


class _Identifier(Protocol):
    def classify(self, text: str) -> tuple[str, float]: ...


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of the language of `text`; None if that is too short or uncertain.

    Only the beginning of a long text is looked at. Code, tables and languages without a code of
    two letters are None as well.
    """
    if len(text.strip().encode(errors="replace")) < MIN_TEXT_BYTES:
        return None
    code, confidence = _identifier().classify(text[:MAX_TEXT_CHARS])
    if confidence < MIN_CONFIDENCE or len(code) != len("en"):
        return None
    return _SAME_LANGUAGE.get(code, code)


@cache
def _identifier() -> _Identifier:
    from py3langid.langid import (  # type: ignore[import-untyped]  # 0.7 s: only where it is used
        MODEL_FILE,
        LanguageIdentifier,
    )

    identifier: _Identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return identifier
