"""The text of a row of glyphs: its spaces, raised numbers and ligatures."""

import re
import unicodedata
from itertools import groupby, pairwise
from statistics import median

from jobs.documents.readers.clean_text import clean_line
from jobs.documents.readers.pdf.glyphs.page_glyphs import Glyph
from jobs.documents.readers.pdf.lines.runs import Run, is_rtl
from jobs.documents.readers.raised_text import lowered, raised

_SMALL = 0.93  # of the font size of the line
_RAISED_BY = 0.12  # of that font size
_LOWERED_BY = 0.08  # the same
DEFINED = re.compile(r"\[[A-Z][A-Za-z ]{2,40}\]")  # [Function], [Generic Function]
SIGNATURE = re.compile(r"\(.*\) [a-z]+(?: [a-z]+)?")  # (close-port port) procedure
_DEFINITION_GAP = 1.2  # of the font size
_UP, _ON_LINE, _DOWN = 1, 0, -1
_SPACE_GAP = 0.12  # of the font size
WRAPPED = "⏎"  # ends the text of a line of code that goes on in the next one
_PLAIN_FORMS = {  # of ligatures, and of the asterisk that Doxygen and TeX set for a typed one
    0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st",
    0xFB06: "st", 0x2217: "*",
}  # fmt: skip
_PRESENTED = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]+")  # Hebrew and Arabic as drawn
_MINUS = re.compile(r"−(?=[^\W\d_]|[−>])|(?<=−)−")  # groff's, in names and options
_SURROGATE = re.compile("[\ud800-\udfff]")
_POWER_BASE = re.compile("(?:[\\d)\\]}\U0001d400-\U0001d7ff]|(?:^|\\W)[^\\W\\d_]{1,2})$")
_NOTED = re.compile(  # what has a note: a word that is no function, the end of a sentence
    r"(?:(?<![^\W\d_])(?!(?:cos|exp|log|sin|tan)$)[^\W\d_]{3}|[^\W\d_]{4}|[.,;:!?”’\"])$"
)
_LONG_WORD = re.compile(r"[^\W\d_]{4}$")  # that no raised letter shortens: it names a note
_MARK_GAP = 0.35  # of the font size: a mark is no farther from what it stands at
_LOGO = re.compile(r"(LA)?TEX")
_PARTED_LOGO = re.compile(r"\bX (?=(?:La)?TeX)")  # the letter between is drawn as in a mirror
_DOTS = re.compile(r"(?<!\.)(?<!\. )\. \. \.(?: (?=[)\]]))?(?! ?\. )")  # as TeX sets three of them
_SPREAD = 0.04  # of the font size: letters that are not spread are nearer
_BETWEEN_SPREAD = 0.5  # the same: as far from each other are words of spread letters
_JUMP = 0.12  # the same: from gaps within words that are spread to those between them
_LETTER_SPACED = re.compile(r"(?:\b[^\W\d_] ){4,}[^\W\d_]\b")


def line_text(runs: list[Run]) -> str:
    """The text of runs that stand beside each other, with single spaces."""
    text = _text(runs[0])
    for before, run in pairwise(runs):
        text += _mark(before, run, text) or " " * _is_apart(before, run) + _text(run)
    if _LETTER_SPACED.search(text):
        text = _close_up(runs, text)
    text = clean_line(close_dots(repair(text)))
    return _PARTED_LOGO.sub("Xe", text) if "TeX" in text else text


def defined_tag(runs: list[Run]) -> str:
    """What Texinfo says at the margin of a definition: [Function]; empty if nothing."""
    *rest, last = runs
    if not rest or last.left - rest[-1].right < _DEFINITION_GAP * last.size:
        return ""
    tag = line_text([last])
    return tag if DEFINED.fullmatch(tag) else ""


def is_signature(runs: list[Run]) -> bool:
    """Whether runs are a call in a typewriter font, and what is called: a procedure, a macro."""
    first, *_, last = runs
    is_call = first.is_mono and first.glyphs[0].char == "(" and not last.is_mono
    return is_call and SIGNATURE.fullmatch(line_text(runs)) is not None


def starts_raised(runs: list[Run]) -> bool:
    """Whether a raised number stands before the text of runs beside each other."""
    first, last = runs[0].glyphs[0], runs[0].glyphs[-1]
    if not first.char.isdigit():
        return False
    if len(runs) > 1 and all(glyph.char.isdigit() for glyph in runs[0].glyphs):
        return _is_raised(runs[1], runs[0])
    return _shift(first, runs[0]) == _UP and _shift(last, runs[0]) == _ON_LINE


def _text(run: Run) -> str:
    text = _with_raised(run) if _is_mixed(run) else _plain(run.glyphs)
    return _LOGO.sub(_write_logo, text) if "TEX" in text and _is_uneven(run) else text


def _write_logo(match: re.Match[str]) -> str:
    return ("La" if match[1] else "") + "TeX"


def _is_uneven(run: Run) -> bool:
    """Whether letters are lowered, as the E in TeX's name is."""
    return any(glyph.style.baseline < run.baseline - 1 for glyph in run.glyphs)


def _is_apart(before: Run, run: Run) -> bool:
    """Whether a space stands between two runs; those that overlap were drawn apart for style."""
    return (
        _is_raised(before, run)
        or run.left - before.right > _SPACE_GAP * before.size
        or is_rtl(run.glyphs[0].char)
    )


def _mark(before: Run, run: Run, text: str) -> str:
    """The mark of a note that was set apart from the text that has it; empty if it is none."""
    chars = "".join([glyph.char for glyph in run.glyphs])
    is_near = run.left - before.right < _MARK_GAP * before.size
    is_mark = is_near and _is_mark_of(text, chars) and _is_raised(before, run)
    return f"[{chars}]" if is_mark else ""


def _is_mark_of(text: str, chars: str) -> bool:
    """Whether raised signs after a text are the number of a note: these are counted from 1."""
    return chars.isdigit() and chars[0] != "0" and _NOTED.search(text[-12:]) is not None


def _is_raised(before: Run, run: Run) -> bool:
    return run.size < _SMALL * before.size and run.baseline > before.baseline


def _plain(glyphs: list[Glyph]) -> str:
    return "".join([" " + glyph.char if glyph.is_spaced else glyph.char for glyph in glyphs])


def _is_mixed(run: Run) -> bool:
    """Whether a run has glyphs that are clearly smaller than most."""
    least = _SMALL * run.size
    return any([glyph.style.size < least for glyph in run.glyphs])


def _with_raised(run: Run) -> str:
    """Raised numbers stand apart from a word (notes), or after ^ on a number (powers).

    Raised and lowered letters after a sign or number are exponents and indices.
    """
    text = ""
    was_raised = False
    for shift, shifted in groupby(run.glyphs, key=lambda glyph: _shift(glyph, run)):
        glyphs = list(shifted)
        first = glyphs[0]
        if shift == _UP and text:
            text = _with_exponent(text, glyphs)
        elif shift == _DOWN and text and first.char.isalnum() and not first.is_spaced:
            text += lowered(text, _plain(glyphs))
        else:
            is_next = was_raised and first.char.isalnum() and not first.is_spaced
            text += " " * (is_next and text[-1].isdigit()) + _plain(glyphs)
        was_raised = shift == _UP
    return text


def _shift(glyph: Glyph, run: Run) -> int:
    """Whether a glyph is smaller than its run, and raised or lowered."""
    style = glyph.style
    if style.size >= _SMALL * run.size:
        return _ON_LINE
    rise = style.baseline - run.baseline
    if rise > _RAISED_BY * run.size:
        return _UP
    return _DOWN if -rise > _LOWERED_BY * run.size else _ON_LINE


def _with_exponent(text: str, glyphs: list[Glyph]) -> str:
    """The text of a run up to raised glyphs, and these."""
    first = glyphs[0]
    chars = "".join([glyph.char for glyph in glyphs])
    has_letters = any(map(str.isalpha, chars)) and not (chars.isalpha() and chars.isupper())
    if has_letters and not first.is_spaced and _POWER_BASE.search(text[-4:]):
        return text + raised(text, chars, is_note=False)
    is_letter = len(chars) == 1 and chars.islower() and _LONG_WORD.search(text[-12:])
    if _is_mark_of(text, chars) or is_letter:
        return f"{text}[{chars}]"
    text = _before_raised(text, first)
    is_apart = first.is_spaced and not text.endswith("^")
    return text + " " * is_apart + chars


def _before_raised(text: str, glyph: Glyph) -> str:
    """The text before a raised glyph: with ^ at a base, apart from a word that has a note."""
    is_number = glyph.char.isdigit() or glyph.char in "+-−–n"
    if not is_number or glyph.is_spaced:
        return text
    if text[-1] in "−–" and _POWER_BASE.search(text[-4:-1]):
        return f"{text[:-1]}^{text[-1]}"  # the sign of a power that is drawn on the line
    if _POWER_BASE.search(text[-4:]):
        return text + "^"
    return text + ("^" if glyph.char == "0" else " " * glyph.char.isdigit())


def _close_up(runs: list[Run], text: str) -> str:
    """A line whose letters are spread: a word ends where a gap is clearly wider than the others."""
    glyphs = [glyph for run in runs for glyph in run.glyphs]
    widths = [after.left - before.right for before, after in pairwise(glyphs)]
    widest = _widest_in_words(runs[0].size, glyphs, widths)
    if not widest:
        return text
    spread = [glyphs[0].char]
    for glyph, width in zip(glyphs[1:], widths, strict=True):
        spread.append(" " + glyph.char if width > widest else glyph.char)
    return "".join(spread)


def _widest_in_words(size: float, glyphs: list[Glyph], widths: list[float]) -> float:
    """How wide a gap within a word may be if letters are spread: all alike, or word by word.

    0 if they are not. Listings of TeX spread the letters of each word over as many columns.
    """
    inner = [width for glyph, width in zip(glyphs[1:], widths, strict=True) if not glyph.is_spaced]
    if inner and median(inner) > _SPREAD * size:
        widest = _BETWEEN_SPREAD * size
        return _before_jump(sorted(min(width, widest) for width in widths), _JUMP * size)
    usual = median(widths)
    is_spread = 2 * sum(glyph.is_spaced for glyph in glyphs) >= len(glyphs) - 1
    return 1.6 * usual if usual > 0 and is_spread else 0.0


def _before_jump(widths: list[float], least: float) -> float:
    """The middle of the widest step between widths in ascending order; beyond all if none is."""
    step, below = max((after - width, width) for width, after in pairwise(widths))
    return below + step / 2 if step > least else widths[-1] + 1


def repair(text: str) -> str:
    """Ligatures, asterisks, right-to-left letters and halves of characters as they are typed."""
    if text.isascii():
        return text
    text = _PRESENTED.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _MINUS.sub("-", text.translate(_PLAIN_FORMS))


def close_dots(text: str) -> str:
    """The text with three dots for those that TeX sets apart."""
    return _DOTS.sub("...", text) if ". . ." in text else text
