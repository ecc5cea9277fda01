"""Signs of the fonts Symbol and Wingdings, whose places other fonts have letters in."""

from xml.etree import ElementTree as ET

from jobs.documents.readers.office.ooxml import first, value_of

_SYMBOL_FONT = dict(  # Greek letters where Latin ones are, and signs
    zip("abgdezhqiklmnxoprstufcywDFGLPSWYXQJj", "αβγδεζηθικλμνξοπρστυφχψωΔΦΓΛΠΣΩΨΞΘϑϕ", strict=True)
) | {"£": "≤", "³": "≥", "±": "±", "°": "°", "´": "×", "×": "·", "¥": "∞", "®": "→", "¹": "≠",
     "»": "≈", "Þ": "⇒", "Û": "⇔", "Î": "∈", "Ö": "√", "å": "∑", "ò": "∫", "·": "•"}  # fmt: skip
_WINGDINGS = {
    **dict.fromkeys((0xDF, 0xE7, 0xEF), "←"), **dict.fromkeys((0xE0, 0xE8, 0xF0), "→"),
    **dict.fromkeys((0xE1, 0xE9, 0xF1), "↑"), **dict.fromkeys((0xE2, 0xEA, 0xF2), "↓"),
    0xF3: "⇔", 0xFC: "✓", 0xFB: "✗", 0xFE: "☑", 0xFD: "☒", 0xA8: "☐", 0x6F: "☐",
}  # fmt: skip
_FONTS = frozenset({"symbol", "wingdings"})
_PRIVATE, _PRIVATE_END = 0xF000, 0xF100
_BULLET = "•"


def sign_of(number: int, font: str) -> str:
    """The sign at a place of a font, which may be counted from U+F000."""
    char = chr(number - _PRIVATE if number >= _PRIVATE else number)
    if font.lower() == "symbol":
        return _SYMBOL_FONT.get(char, char)
    if font.lower() == "wingdings":
        return _WINGDINGS.get(ord(char), _BULLET)
    return char if number < _PRIVATE else _BULLET  # a picture font: a bullet, a tick, an arrow


def with_signs(text: str, properties: ET.Element | None) -> str:
    """The text of a run whose font, as its properties name it, may be one of signs."""
    fonts = first(properties, "rFonts") if properties is not None else None
    font = value_of(fonts, "ascii") or ""
    if font.lower() not in _FONTS:
        return text
    return "".join(sign_of(ord(char), font) if _is_sign(char) else char for char in text)


def _is_sign(char: str) -> bool:
    return not char.isspace() and (ord(char) < 0x100 or _PRIVATE <= ord(char) < _PRIVATE_END)
