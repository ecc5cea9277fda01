"""Finds the sentences of a text, by offsets."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from sentencex import get_sentence_boundaries  # type: ignore[import-untyped]

from jobs.text.sentence_ends import goes_on, inner_starts
from schemas.record import Span

MAX_SENTENCE_CHARS = 600
KEPT_TEXTS = 64  # whose sentences are remembered: a chunk is shown with each of its questions
MAX_KEPT_CHARS = 20_000  # a document may be one paragraph

_LANGUAGE = "en"  # sentencex falls back to these rules for most languages
_BLOCK_EDGE = re.compile(
    r"""
      \n [^\S\n]* \n                                     # a blank line
    | ^ (?= [^\S\n]* (?: [-*+•‣◦▪–●○■□◆◇] | \d{1,3}[.)] | [A-Za-z][.)] ) \s ) # before an item
    | ^ (?= [^\S\n]* (?: [・※●○■□◆◇①-⑳] | \d{1,3}[）、．] | [一二三四五六七八九十]{1,3}、
                      | （ [^\s（）]{1,3} ） ) )             # and one in Chinese or Japanese
    | ^ (?= [^\S\n]* \[ [^\]\s]{1,40} \] [^\S\n] \S )   # before a note
    | ^ (?= [^\n]* \| (?: [^\S\n] | $ ) )                # before a row of a table
    | (?<= [។៕།] )                                       # sentencex does not know these
    | (?<= [α-ωά-ώΐΰ] ; ) (?= [^\S\n] [Α-ΩΆ-Ώ] )          # a question in Greek
    | ^ \#{1,6} [^\S\n] .* $                             # around a heading
    """,
    re.VERBOSE | re.MULTILINE,
)
_ITEM_LINE = re.compile(r"^[^\S\n]*[•‣◦▪].*$", re.MULTILINE)
_INNER_ITEM = re.compile(r"(?<=\s)[•‣◦▪](?=\s)")
_OPEN_ADDRESS = re.compile(r"(?:[\w-]@|://|\bwww\.)[^\s@]*(?<=\.)\s*\Z")  # goes on after the break
_MAX_ADDRESS_CHARS = 100
_SMALL_LETTER = re.compile(r"\s*[a-z]")
_SURE_END = re.compile("[。！？](?=[^。！？」』）〉》】〕”’とっも])")  # of Chinese, of Japanese
_ANY_END = re.compile("[。！？][」』）〉》】〕”’]*")
_MAX_BLOCK_CHARS = 2_000
_MAX_PART_CHARS = 8_000  # sentencex takes the square of quotation marks that nothing closes
_LIKELY_END = re.compile(r"""[.!?]["'”’»)\]]* \s+ (?=\W*[^\W\d_])""", re.VERBOSE)
_LETTERLESS = re.compile(r"[\W\d_]*")
_LABEL = re.compile(r"\s*[A-Za-z][.)]\s*")
_TRIMMED_PIECE = re.compile(
    rf"\S(?:.{{0,{MAX_SENTENCE_CHARS - 2}}}\S)?(?!\S)|\S{{1,{MAX_SENTENCE_CHARS}}}", re.DOTALL
)
# sentencex 1.0 panics on white space of more than one byte before a full stop ("A\u2028.").
_PLAIN_SPACES = {code: " " for code in range(0x80, 0x3001) if chr(code).isspace()}


def split_sentences(text: str) -> list[Span]:
    """The sentences of `text`, in order, each trimmed and at most MAX_SENTENCE_CHARS long.

    Headings, list items and table rows are sentences of their own. Every character that is not
    white space lies in exactly one sentence.
    """
    return list(_kept_spans(text) if len(text) <= MAX_KEPT_CHARS else _spans(text))


@lru_cache(KEPT_TEXTS)
def _kept_spans(text: str) -> tuple[Span, ...]:
    return tuple(_spans(text))


def _spans(text: str) -> Iterator[Span]:
    plain = text.translate(_PLAIN_SPACES)
    for block_start, block_end in _blocks(plain):
        for start, end in _sentences(plain, block_start, block_end):
            for match in _TRIMMED_PIECE.finditer(plain[start:end]):
                yield Span(start_char=start + match.start(), end_char=start + match.end())


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """The ranges between blank lines, list items, table rows and headings; they cover `text`."""
    edges = {0, len(text)}
    for match in _BLOCK_EDGE.finditer(text):
        edges.update(match.span())
    for line in _ITEM_LINE.finditer(text):
        edges.update(item.start() for item in _INNER_ITEM.finditer(text, *line.span()))
    return (part for start, end in pairwise(sorted(edges)) for part in _parts(text, start, end))


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A block, or parts of one without any break that is long: sentencex takes their square."""
    while end - start > _MAX_BLOCK_CHARS:
        near = start + _MAX_BLOCK_CHARS
        far = min(end, near + _MAX_BLOCK_CHARS)
        found = _SURE_END.search(text, near, far) or _ANY_END.search(text, far, end)
        if found is None:
            break
        yield start, found.end()
        start = found.end()
    while end - start > _MAX_PART_CHARS:
        cut = _likely_end(text, start + _MAX_PART_CHARS)
        yield start, cut
        start = cut
    yield start, end


def _likely_end(text: str, most: int) -> int:
    """Where to divide a block that is very long: behind a sentence, by its look, or a space."""
    near = most - _MAX_BLOCK_CHARS
    ends = [match.end() for match in _LIKELY_END.finditer(text, near, most)]
    return ends[-1] if ends else max(near, text.rfind(" ", near, most)) + 1


def _sentences(text: str, block_start: int, block_end: int) -> Iterator[tuple[int, int]]:
    """The ranges of the sentences of one block; they cover it."""
    block = text[block_start:block_end]
    starts, plain_end = [0], 0  # where sentences start; up to where there is no letter since
    for boundary in get_sentence_boundaries(_LANGUAGE, block):
        start = boundary["start_index"]
        if _LETTERLESS.fullmatch(block, max(starts[-1], plain_end), start):
            plain_end = start  # "3.1.", of what follows
            continue
        is_label = _LABEL.fullmatch(block, starts[-1], start) is not None
        is_within = _is_within_address(block, starts[-1], start) or goes_on(
            block, starts[-1], start
        )
        if not (is_label or is_within):
            starts.append(start)
    starts = [
        each for a, b in pairwise([*starts, len(block)]) for each in (a, *inner_starts(block, a, b))
    ]
    return ((block_start + a, block_start + b) for a, b in pairwise([*starts, len(block)]))


def _is_within_address(block: str, sentence_start: int, end: int) -> bool:
    """Whether what ends here is an address that goes on behind a space or in the next line."""
    start = max(sentence_start, end - _MAX_ADDRESS_CHARS)
    is_open = _OPEN_ADDRESS.search(block, start, end) is not None
    return is_open and _SMALL_LETTER.match(block, end) is not None
