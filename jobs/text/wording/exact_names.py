"""Finds what a text must have taken from its source letter by letter: code, names, quotes."""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from jobs.text.content_words import width
from jobs.text.numbers.units import UNIT_OF
from jobs.text.untrusted_text import make_plain

MIN_SHARED_LETTERS = 4  # of two forms of a word

_CODE_BLOCK = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)
_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_PLACEHOLDER = re.compile(r"<[^<>\s]+>|\.{3}|\u2026|\{[^{}]*\}|\[[A-Z_]+\]")
_EDGE_MARKS = "\"'`.,;:!?()[]{}\u201c\u201d\u2018\u2019\u201e\u00ab\u00bb"
_QUOTED = re.compile(
    r"\"([^\"\n]{2,200})\"|\u201c([^\u201c\u201d\n]{2,200})\u201d"
    r"|\u201e([^\u201e\u201c\u201d\n]{2,200})[\u201c\u201d]|\u00ab\s?([^\u00ab\u00bb\n]{2,200}?)\s?\u00bb"
    r"|[\u300c\u300e]([^\u300c-\u300f\n]{2,200})[\u300d\u300f]"
)
_BARE_CODE = re.compile(
    r"""(?<![\w./@$`-])(?<!\w["\u201c\u201d\u00bb])(?:
        --?[A-Za-z][\w-]*(?:=[\w./-]+)?                # an option
      | (?:https?|ftp)://[^\s<>"'()]+                  # an address
      | [\w.+-]+@[\w-]+(?:\.[\w-]+)+                   # an e-mail address
      | [~.]{0,2}/[\w.+@~-]+(?:/[\w.+@*~-]*)*          # a path
      | [\w+-]+(?:/[\w.+-]+){2,}                       # a relative path
      | [A-Za-z_][\w-]*(?:\.[A-Za-z_*][\w-]*)+(?:\(\))?  # a.name, a file name, a host
      | [A-Za-z_]\w*\(\d?\w?\)                         # a function, a man page
      | [A-Za-z]\w*_\w+ | _\w+                         # snake_case
      | \$\{?\w+\}?                                    # a variable
      | [a-z]{2,}[A-Z]\w+ | [A-Z][a-z]+(?:[A-Z][a-z0-9]+)+  # camelCase
      | [A-Za-z]+\d[\w.]*                              # a name with a number in it
    )(?![\w])""",
    re.VERBOSE,
)
_COMPOUND_END = re.compile(r"-[A-Z\u00c4\u00d6\u00dc].*")  # "debian.org-Adresse"
_ABBREVIATION = re.compile(
    r"(?:[a-zA-Z]\.)+[a-zA-Z]?|e\.g|i\.e|z\.B|d\.h|u\.a|p\.ex|etc|vs|[A-Z]?[a-z]+\.[A-Z][a-z]+"
)
_SENTENCE_EDGE = re.compile(
    r"(?:^|[.!?:;\u2026*\u2022]|\n|[\"\u201c\u201e\u00ab(\[`]|[-\u2013]\s)\s*$"
)
_EDGE_CHARS = 40  # before a word, in which the edge of its sentence is looked for
_NAME_PAIR = re.compile(
    r"(?<![\w`'\u2019-])(?=([A-Z\u00c0-\u00de][^\W\d_]+)[ ]([A-Z\u00c0-\u00de][^\W\d_]+)(?!\w))"
)
_CAPITALISED = re.compile(
    r"(?<![\w`'\u2019\u00b0-])[A-Z\u00c0-\u00de][0-9A-Z_a-z\u00c0-\u024f]+(?:[-'\u2019]\w+)*"
)


def find_code(text: str) -> Iterator[str]:
    """Options, paths, file names, addresses, identifiers, and all words of code spans."""
    for block in _CODE_BLOCK.findall(text):
        yield from _code_words(block)
    rest = _CODE_BLOCK.sub(" ", text)
    for span in _CODE_SPAN.findall(rest):
        yield from _code_words(span)
    for found in _BARE_CODE.finditer(_CODE_SPAN.sub("`", rest)):
        word = found[0].rstrip(_EDGE_MARKS.replace(")", "").replace("]", ""))
        word = word if word.startswith("-") else _COMPOUND_END.sub("", word)
        if not (_ABBREVIATION.fullmatch(word) or _is_unit(word, found)):
            yield word


def _is_unit(word: str, found: re.Match[str]) -> bool:
    """Whether it is the unit of the number before it: 5 m3."""
    before = found.string[max(0, found.start() - 2) : found.start()].strip()
    return word.casefold() in UNIT_OF and before[-1:].isdigit()


def find_quotes(text: str) -> Iterator[str]:
    """What stands in double quotation marks of any language, code aside."""
    rest = _CODE_SPAN.sub(" ", _CODE_BLOCK.sub(" ", text))
    for groups in _QUOTED.findall(rest):
        quoted = next(group for group in groups if group)
        yield quoted.strip(" .,;:!?\u2026")


def find_proper_names(text: str) -> Iterator[str]:
    """Words with a capital letter within a sentence, code and units aside.

    Of use where a language writes no other words so: not in German.
    """
    rest = _CODE_SPAN.sub("`", _CODE_BLOCK.sub("\n", text))
    for found in _CAPITALISED.finditer(rest):
        is_unit = found[0].casefold() in UNIT_OF
        if not is_unit and not _begins_sentence(rest, found.start()):
            yield found[0]


class NamePair(NamedTuple):
    """Two words with large letters, one behind the other: a name of two parts, for the most."""

    first: str
    second: str


def find_name_pairs(text: str) -> Iterator[NamePair]:
    """Neighbours with large letters within a sentence, code aside; also of use in German."""
    rest = _CODE_SPAN.sub("`", _CODE_BLOCK.sub("\n", text))
    for found in _NAME_PAIR.finditer(rest):
        if not _begins_sentence(rest, found.start()):
            yield NamePair(found[1], found[2])


def _begins_sentence(text: str, at: int) -> bool:
    return _SENTENCE_EDGE.search(text, max(0, at - _EDGE_CHARS), at) is not None


def _code_words(code: str) -> Iterator[str]:
    plain = _PLACEHOLDER.sub(" ", code)
    for word in plain.split():
        inner = word.strip(_EDGE_MARKS)
        if any(char.isalnum() for char in inner):
            yield inner


class ExactText:
    """A source in which names are looked up: without case, at the edges of words."""

    def __init__(self, text: str) -> None:
        self._text = _fold(text)
        self._words = frozenset(re.findall(r"\w+", self._text))

    def holds(self, name: str) -> bool:
        """Whether `name` stands there and goes on neither before nor behind."""
        wanted = _fold(name)
        start = self._text.find(wanted)
        while start >= 0:
            before = self._text[start - 1 : start]
            after = self._text[start + len(wanted) : start + len(wanted) + 1]
            if not (_goes_on(before, wanted[:1]) or _goes_on(after, wanted[-1:])):
                return True
            start = self._text.find(wanted, start + 1)
        return False

    def holds_words_of(self, text: str) -> bool:
        """Whether all words of `text` stand there, in any order."""
        return set(re.findall(r"\w+", _fold(text))) <= self._words

    def holds_stem(self, word: str) -> bool:
        """Whether some word is `word`, its ending of two letters aside, or is made of it."""
        name = _fold(word).removesuffix("'s")
        if any(_are_forms(name, known) for known in self._words):
            return True
        letter = "[a-z\u00df-\u024f]"  # of scripts with spaces: "\u5de5\u7a0b\u5e08Ann" names Ann
        return re.search(rf"(?<!{letter}){re.escape(name)}(?!{letter})", self._text) is not None


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKC", make_plain(text)).casefold()
    return " ".join(plain.replace("\u2019", "'").replace("`", "").split())


def _are_forms(one: str, other: str) -> bool:
    """Whether two words begin alike but for endings: Debian, Debians; Bayes, Bayesian."""
    shorter, longer = sorted((one, other), key=len)
    shared = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(shorter)
    )
    return shared >= MIN_SHARED_LETTERS and shared >= min(len(shorter), len(longer) - 2)


def _goes_on(neighbour: str, edge: str) -> bool:
    """Whether a word goes on; a Latin one ends at a Chinese character, where no space stands."""
    is_same_script = (width(neighbour) > 1) is (width(edge) > 1)
    return bool(neighbour) and neighbour.isalnum() and edge.isalnum() and is_same_script
