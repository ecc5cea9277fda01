"""Exponents, indices and note marks on the line: 10^6, x_i, H2O, 1st, "pressure[3]"."""

import re

_SUFFIXES = frozenset(  # that are only set smaller: 1st, 2e, nº, Mme, ™
    (
        *(
            "st",
            "nd",
            "rd",
            "th",
            "er",
            "re",
            "ère",
            "e",
            "ème",
            "eme",
            "nde",
            "o",
            "os",
            "a",
            "as",
        ),
        *("º", "ª", "lle", "me", "mes", "le", "tm", "sm", "c", "r", "™", "®", "©", "℠"),
    )
)
_NUMERO, _NUMERO_ENDS = ("n", "N"), ("o", "os")  # French: nᵒ 5
_NUMBER = re.compile(r"[-−–+±]?\d+(?:[.,]\d+)?")
_MARK = re.compile(r"[\d*†‡§,; ]{1,8}|[a-z]")
_BRACKETED = re.compile(r"[\[(].*[\])]")
_LAST_WORD = re.compile(r"[^\W\d_]*\Z")
_SYMBOL = re.compile(r"(?:[A-Z][a-z]?|[)\]])\Z")  # of a chemical element or group
_MAX_UNIT_CHARS = 3  # m², cm³: a longer word with a small number after it has a note
_MAX_MARK_CHARS = 12


def raised(before: str, text: str, *, is_note: bool) -> str:
    """What stands on the line for the superscript `text` after the text `before`."""
    if not text:
        return ""
    if _BRACKETED.fullmatch(text):
        return text
    last = before[-1:]
    if is_note:
        is_mark = len(text) <= _MAX_MARK_CHARS
        return (f"[{text}]" if last.strip() else f"[{text}] ") if is_mark else f" {text}"
    if not (last.isalnum() or last in tuple(")]}|")):
        return f"[{text}]" if last.strip() and _MARK.fullmatch(text) else text
    return _after_word(before, text)


def lowered(before: str, text: str) -> str:
    """What stands on the line for the subscript `text` after the text `before`."""
    if not before[-1:].strip() or not text:
        return text
    if text.isdigit() and _SYMBOL.search(before):
        return text
    return f"_{_grouped(text)}" if before[-1].isalnum() or before[-1] in ")]}" else text


def _after_word(before: str, text: str) -> str:
    word = _word_before(before)
    is_variable = len(word) == 1 and word.isalpha()
    if word in _NUMERO and text in _NUMERO_ENDS:
        return text
    if text.lower() in _SUFFIXES and (len(text) > 1 or not is_variable):
        return text
    if _NUMBER.fullmatch(text):
        is_note = len(word) > _MAX_UNIT_CHARS and text.isdigit() and word.isalpha()
        return f"[{text}]" if is_note else f"^{text}"
    if len(word) > _MAX_UNIT_CHARS and _MARK.fullmatch(text):
        return f"[{text}]"
    if text.isalpha() and len(text) > 1 and not is_variable and word:
        return text
    return f"^{_grouped(text)}"


def _word_before(before: str) -> str:
    found = _LAST_WORD.search(before)
    return found[0] if found else ""


def _grouped(text: str) -> str:
    return text if text.isalnum() or _NUMBER.fullmatch(text) else f"({text})"
