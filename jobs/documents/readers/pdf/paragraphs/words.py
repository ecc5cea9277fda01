"""Puts words together that were divided at line ends, by what the rest of the text has."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from jobs.documents.readers.pdf.lines.joints import HYPHEN, OPEN, SPACE
from jobs.documents.readers.pdf.paragraphs.join_lines import Paragraph

_DIVIDED = re.compile(rf"(-?)(?<!\w)(\w++){HYPHEN}(\w++)(-?)")
_ENDED_PATH = re.compile(r"(?<![^\s“\"'(\[])[^\s\uffff]{1,80}/(?=[,.;:)\]”\"']{0,3}(?:\s|$))")
_OPTION = re.compile(r"(?<![\w-])--[a-z]++(?![\w-])")
_OPENING = "“\"'(["
_PATH_CHARS = 80  # before a word that are looked at
_MANUAL_PAGE = re.compile(r"\(\d\w?\)")  # git-send-email(1)
_LAST_PART = re.compile(r"(?<!\w)(\w++)-$")
_FIRST_PART = re.compile(r"\w+")
_CAPITAL_WITHIN = re.compile(r"\b\w*[^\W\d_A-Z][A-Z]\w*")
_FRAGMENT = re.compile(rf"(?:(?<!\w)\w++)?{HYPHEN}\w*+")
_WORD = re.compile(r"\w+(?:-\w+)*")
_DIGITS = "0123456789"
_MIN_HALF = 3  # letters; shorter ones are words by chance
_SYLLABLES = frozenset({"con", "de", "dis", "en", "ex", "in", "pre", "pro", "re", "sub", "un"})
_PREFIXES = frozenset({"all", "cross", "double", "half", "non", "quasi", "self", "well"})
_SECONDS = frozenset(
    """
    aware based defined dependent driven friendly independent level like only oriented related
    sized specific style wide
    """.split()  # noqa: SIM905 - as a list it would be one name a line
)  # that a word seldom ends with but in a compound
_BEHIND_HALVES = frozenset({"and", "als"})  # "pre- and post-"; a word may end so, too
_CLOSED_FIRST = frozenset(
    """
    any every here how never no out over some there under up what when where who with
    """.split()  # noqa: SIM905 - as a list it would be one name a line
)  # halves of words that have no hyphen: anywhere, overwritten
_SMALL = frozenset({"and", "in", "of", "or", "the", "to"})  # "up-to-date"
_HALVES = frozenset(
    """
    based back bit built byte by case client code command cost date day defined dependent down
    driven effect end file first free friendly full hand hard high home host in independent key
    known left level life line long low machine made mail man multi name net off on one only open
    out part point pre read ready real right run safe second server set short side single site
    size soft source space special specific state step system term test text third three time two
    type up user wide word work world write
    """.split()  # noqa: SIM905 - as a list it would be one name a line
)  # of compounds that technical texts have, for those that do not have their halves


def join_words(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """The paragraphs with each HYPHEN resolved: left out, or a hyphen that belongs to the word."""
    words = _words(paragraphs)

    def join(match: re.Match[str]) -> str:
        before, first, second, after = match.groups()
        whole = words[(first + second).casefold()]
        if second in _BEHIND_HALVES and not whole:
            return f"{before}{first}- {second}{after}"
        is_page = _MANUAL_PAGE.match(match.string, match.end()) is not None
        is_name = before and (is_page or not whole)  # it has a hyphen already
        is_known = words[second.casefold()] or len(second) >= _MIN_HALF
        is_syllable = first.casefold() in _SYLLABLES or whole > 0
        is_chain = after and words[first.casefold()] and is_known and not is_syllable
        is_kept = is_name or is_chain or (_is_in_path(match) and not whole)
        is_compound = is_kept or _is_compound(first, second, words)
        return f"{before}{first}{'-' if is_compound else ''}{second}{after}"

    joined: list[Paragraph] = []
    for paragraph in _with_whole_paths(paragraphs):
        text = paragraph.text
        if HYPHEN in text:
            text = _DIVIDED.sub(join, text.replace(f"/{HYPHEN}", "/")).replace(HYPHEN, "-")
        if paragraph.glue == HYPHEN:
            joined[-1] = _open_end(joined[-1], text, words)
            paragraph = paragraph._replace(glue="")
        joined.append(paragraph._replace(text=text))
    return joined


def _with_whole_paths(paragraphs: list[Paragraph]) -> Iterator[Paragraph]:
    """The paragraphs with each OPEN resolved, by the paths and options that the text has."""
    marked = {number for number, each in enumerate(paragraphs) if OPEN in each.text + each.glue}
    texts = [each.text for each in paragraphs] if marked else []
    ended = {path.lstrip(_OPENING) for text in texts for path in _ENDED_PATH.findall(text)}
    options = {option for text in texts for option in _OPTION.findall(text)}
    before = ""
    for number, paragraph in enumerate(paragraphs):
        if number in marked:
            glue, text = paragraph.glue, _with_paths(paragraph.text, ended, options)
            if glue == OPEN:
                glue = SPACE * _are_apart(before, text, ended, options)
            paragraph = paragraph._replace(text=text, glue=glue)
        before = paragraph.text
        yield paragraph


def _with_paths(text: str, ended: set[str], options: set[str]) -> str:
    whole, *others = text.split(OPEN)
    for other in others:
        whole += SPACE * _are_apart(whole, other, ended, options) + other
    return whole


def _are_apart(whole: str, other: str, ended: set[str], options: set[str]) -> bool:
    """Whether what ends in a slash does so elsewhere; whether no option is `--` and this word."""
    start = whole[-_PATH_CHARS:].rsplit(maxsplit=1)[-1].lstrip(_OPENING)
    if start != "--":
        return start in ended
    option = _OPTION.match(start + other)
    return option is None or option[0] not in options


def _is_in_path(match: re.Match[str]) -> bool:
    head = match.string[max(0, match.start() - _PATH_CHARS) : match.start()]
    return bool(head) and "/" in head[-1:] + head.rsplit(maxsplit=1)[-1] and not head[-1].isspace()


def _open_end(paragraph: Paragraph, following: str, words: Counter[str]) -> Paragraph:
    """The first part of a paragraph whose last word goes on in `following`, on the next page."""
    first, second = _LAST_PART.search(paragraph.text[-100:]), _FIRST_PART.match(following)
    if first and second and not _is_compound(first[1], second[0], words):
        return paragraph._replace(text=paragraph.text[:-1])
    return paragraph


def _words(paragraphs: Iterable[Paragraph]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for paragraph in paragraphs:
        text = paragraph.text
        if HYPHEN in text:
            text = _FRAGMENT.sub(" ", text)
        counts.update(_CAPITAL_WITHIN.findall(text))
        for word in _WORD.findall(text.casefold()):
            counts[word] += 1
            if "-" in word:
                counts.update(word.split("-"))
    return counts


def _is_compound(first: str, second: str, words: Counter[str]) -> bool:
    """Whether a hyphen belongs between two halves: the text says so, or both are words."""
    is_capitals = first[-1].isupper() and second[:2].isupper()
    if not second[0].islower() and not is_capitals:
        name = first + second  # it may be one with a capital in its midst, and a number
        return not (words[name] or words[name.rstrip(_DIGITS)])
    ends_in_capital = len(first) > 1 and first[-1].isupper() and second[0].islower()
    first, second = first.casefold(), second.casefold()
    whole, hyphenated = words[first + second], words[f"{first}-{second}"]
    if whole or hyphenated:
        return hyphenated > whole
    if ends_in_capital or words["und"] > words["and"]:  # German has capitals after hyphens
        return ends_in_capital
    if first in _CLOSED_FIRST and second not in _SMALL:
        return False
    if first in _PREFIXES or second in _SECONDS or (first.endswith("ly") and len(first) > 5):
        return True
    if min(len(first), len(second)) < _MIN_HALF:
        return False
    return all(half in words or half in _HALVES for half in (first, _stem(second, words)))


def _stem(word: str, words: Counter[str]) -> str:
    """What the text has of a word that ends in -able: `parse` of parseable, or the word itself."""
    stem = word.removesuffix("able")
    found = stem if words[stem] else f"{stem}e"
    return found if stem != word and words[found] and len(stem) > _MIN_HALF else word
