"""What stands before the items of lists: bullets, numbers, letters, as a browser would show."""

import re
from typing import NamedTuple

_INDENT = "  "
_STYLE = re.compile(
    r"(?<![\w-])(a|A|i|I|(?:lower|upper)-?(?:alpha|latin|roman)|decimal-leading-zero"
    r"|cjk-ideographic|(?:simp|trad)-chinese-informal|japanese-informal)(?![\w-])"
)
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_IDEOGRAPHIC = ("cjkideographic", "informal")
_DIGITS, _POWERS = "零一二三四五六七八九", ("", "十", "百", "千")
_MAX_IDEOGRAPHIC = 9999
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_MAX_ROMAN = 3999


class _Numbering(NamedTuple):
    """How the items of one list are numbered; `style` is empty for bullets."""

    tag: str
    style: str
    step: int
    last: list[int]


class ListMarkers:
    """Follows the lists that are open, the innermost last."""

    def __init__(self) -> None:
        self._open: list[_Numbering] = []

    def __bool__(self) -> bool:
        return bool(self._open)

    def open(self, tag: str, *, style: str, start: int, step: int) -> None:
        """A list begins whose first item has the number `start`."""
        found = _STYLE.search(style)
        name = found[1].replace("-", "") if found else "1"
        self._open.append(_Numbering(tag, name, step, [start - step]))

    def close(self) -> None:
        """The innermost list ends."""
        if self._open:
            self._open.pop()

    def next(self, *, number: int | None, label: str | None) -> str:
        """What stands before the next item: `label`, or its number, or a bullet."""
        if not self._open:
            return "- "
        current = self._open[-1]
        current.last[0] = current.last[0] + current.step if number is None else number
        if label is None:
            label = f"{written(current.last[0], current.style)}." if current.tag == "ol" else "-"
        return _INDENT * (len(self._open) - 1) + label + " " * bool(label)


def written(number: int, style: str) -> str:
    """`number` as letters or Roman numerals if `style`, HTML's or CSS's name for it, says so."""
    is_upper = style[0] in "AIu"
    if style.endswith(("roman", "i", "I")):
        text = _roman(number)
    elif style == "1":
        return str(number)
    elif style.endswith(_IDEOGRAPHIC):
        return _ideographic(number)
    elif style.endswith("zero"):
        return f"{number:02}"
    else:
        text = _alphabetic(number)
    return text.upper() if is_upper else text


def _roman(number: int) -> str:
    if not 0 < number <= _MAX_ROMAN:
        return str(number)
    text = ""
    for value, letters in _ROMAN:
        text += letters * (number // value)
        number %= value
    return text


def _ideographic(number: int) -> str:
    """In Chinese, as lists have it: 十二, 二十, 一百零三."""
    if not 0 < number <= _MAX_IDEOGRAPHIC:
        return str(number)
    text = ""
    for power, digit in zip(range(3, -1, -1), f"{number:04}", strict=True):
        if digit != "0":
            text += _DIGITS[int(digit)] + _POWERS[power]
        elif text and not text.endswith(_DIGITS[0]):
            text += _DIGITS[0]
    text = text.rstrip(_DIGITS[0])
    return text.removeprefix(_DIGITS[1]) if number // 10 == 1 else text


def _alphabetic(number: int) -> str:
    if number < 1:
        return str(number)
    text = ""
    while number:
        number, index = divmod(number - 1, len(_LETTERS))
        text = _LETTERS[index] + text
    return text
