"""Tells the language of a text."""

import re
from functools import cache, lru_cache
from typing import Protocol

MIN_TEXT_BYTES = 40  # in UTF-8: about seven English words, fourteen Chinese characters
MAX_TEXT_CHARS = 600  # a language shows in that; a call takes time in proportion
KEPT_TEXTS = 1_000  # whose language is remembered: a chunk is asked about several times
MIN_CONFIDENCE = 0.6  # below it lie all the mistakes made on 5,763 paragraphs of technical English

SURE_CONFIDENCE = 0.9  # of one sentence that is said to be in another language than its source
WRITES_NOUNS_LARGE = ("de", "lb")  # so that a large letter is no sign of a name
WRITES_COMPOUNDS = ("da", "de", "et", "fi", "hu", "is", "lb", "nl", "no", "sv")  # as one word
MIN_WORDS = 5  # in scripts with spaces, code and names in quotes aside

_NO_PROSE = re.compile(
    r"```.*?```|`[^`]*`|\"[^\"]*\"|[^\s\d_/@=<>{}$]{0,99}+[\d_/@=<>{}$]\S*|(?<!\w)--?\w\S*",
    re.DOTALL,
)
_LARGE = re.compile(r"(?<=\s)[A-Z]\S*")  # names, which are alike in all languages
_SIMPLIFIED = frozenset("们这说个为时会对发经过还进开关点种无电机应设单数网务压阀检连")
_TRADITIONAL = frozenset("們這說個為時會對發經過還進開關點種無電機應設單數網務壓閥檢連")
_SAME_LANGUAGE = {  # Norwegian; what written Chinese and Arabic are often taken for
    **dict.fromkeys(("nb", "nn"), "no"),
    **dict.fromkeys(("wuu", "yue"), "zh"),
    **dict.fromkeys(("ary", "arz"), "ar"),
}


class _Identifier(Protocol):
    def rank(self, text: str) -> list[tuple[str, float]]: ...


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of the language of `text`; None if that is too short or uncertain.

    Only the beginning of a long text is looked at. Code, tables and languages without a code of
    two letters are None as well.
    """
    if len(text.strip().encode(errors="replace")) < MIN_TEXT_BYTES:
        return None
    code, confidence = _classify(text)
    if confidence < MIN_CONFIDENCE or len(code) != len("en"):
        return None
    return code


def make_ready() -> None:
    """Load what languages are told by, which the first call otherwise does; in any thread."""
    _identifier()


def detect_writing(text: str) -> str | None:
    """As `detect_language`, but Chinese in either kind of characters: `zh-Hans`, `zh-Hant`."""
    language = detect_language(text)
    if language != "zh":
        return language
    beginning = text[:MAX_TEXT_CHARS]
    simplified, traditional = (
        sum(char in signs for char in beginning) for signs in (_SIMPLIFIED, _TRADITIONAL)
    )
    return "zh-Hant" if traditional > simplified else "zh-Hans"


def differs_in_language(text: str, language: str | None) -> bool:
    """Whether `text` is surely in another language than `language`.

    Code, quotes and names are left out first: they are those of the source. What is left may be
    too short to tell, and then nothing differs.
    """
    if language is None:
        return False
    prose = _NO_PROSE.sub(" ", text)
    if language not in WRITES_NOUNS_LARGE:
        prose = _LARGE.sub(" ", prose)
    is_spaced = prose.isascii() or len(prose.split()) > 3
    if is_spaced and len(prose.split()) < MIN_WORDS:
        return False
    code, confidence = _classify(prose)
    return confidence >= SURE_CONFIDENCE and code != language


def _classify(text: str) -> tuple[str, float]:
    """The likeliest language of the beginning of a text, and how likely it is."""
    return _classify_beginning(text[:MAX_TEXT_CHARS])


@lru_cache(KEPT_TEXTS)
def _classify_beginning(text: str) -> tuple[str, float]:
    ranked = _identifier().rank(text)
    code = _SAME_LANGUAGE.get(ranked[0][0], ranked[0][0])
    shares = dict(ranked)
    alike = [other for other, same in _SAME_LANGUAGE.items() if same == code]
    return code, sum(shares.get(other, 0.0) for other in (code, *alike))


@cache
def _identifier() -> _Identifier:
    from py3langid.langid import (  # type: ignore[import-untyped]  # 0.7 s: only where it is used
        MODEL_FILE,
        LanguageIdentifier,
    )

    identifier: _Identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return identifier
