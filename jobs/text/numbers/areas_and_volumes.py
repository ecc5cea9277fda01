"""Writes areas and volumes in one way: square metres, sq. m, m^2 and mètres carrés are m2."""

import re

from jobs.text.numbers.units import LENGTHS, UNITS

_SPELLED = (spelling for length in LENGTHS for spelling in UNITS[length].split())
_LENGTH = f"(?P<length>{'|'.join(sorted(_SPELLED, key=len, reverse=True))})"
_END = r"(?![A-Za-z\u00c0-\u024f\d])"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"\b(?:(?P<square>sq|square)|cu|cubic)\b\.?[ -]{_LENGTH}{_END}",
        rf"\b(?:(?P<square>quadrat)|kubik){_LENGTH}{_END}",
        rf"\b{_LENGTH}[ -](?:(?P<square>carr[\u00e9e]s?|cuadrad[oa]s?|quadrat[oi])"
        rf"|cubes?|c[\u00fau]bicos?|cub[oi]){_END}",
        rf"(?<![A-Za-z]){_LENGTH}\^(?:(?P<square>2)|3)(?!\d)",
        rf"(?:(?P<square>\u5e73\u65b9)|\u7acb\u65b9){_LENGTH}",
    )
)
# One of these is in each of them: most texts have none, and are not searched form by form.
_HINT = re.compile(r"sq|cu|c\u00fa|quadr|kubik|carr|\^|\u65b9", re.IGNORECASE)


def with_powers(text: str) -> str:
    """The text with each of them as a length with 2 or 3 behind it; NFKC does it with m²."""
    if _HINT.search(text) is None:
        return text
    for form in _FORMS:
        text = form.sub(_with_power, text)
    return text


def _with_power(found: re.Match[str]) -> str:
    return f"{found['length']}{2 if found['square'] else 3}"
