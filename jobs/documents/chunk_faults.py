"""Finds chunks that are not worth a question, before money is spent on them."""

import re

from jobs.dataset.fault import Fault
from jobs.dataset.sentences import split_sentences
from schemas.settings import ChunkSettings

MAX_WORD_LETTERS = 30
MAX_CONTENTS_LINE_CHARS = 200
MIN_PROSE_SENTENCE_LETTERS = 20
MIN_PLAIN_SHARE = 0.6  # of the letters and digits of a sentence of prose; the rest is code

_LETTERS = r"[^\W\d_]"
_BREAK = r"\s，。、；：！？—–"
_PLAIN_WORD = re.compile(  # letters alone, in punctuation; no call(), no path/, no a=b, no 3rd
    rf"(?<![^{_BREAK}])[\"'“”‘’«»„(\[*_]*"
    rf"({_LETTERS}+(?:['’-]{_LETTERS}+)*)"
    rf"[\"'“”‘’«»)\]*_.,;:!?…]*(?![^{_BREAK}])"
)
_ALPHANUMERIC_RUN = re.compile(r"[^\W_]+")
_LETTER_RUN = re.compile(rf"{_LETTERS}+")
_CASE_SWITCH = re.compile(r"[a-zß-öø-ÿ]{2}[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]")
_CONTENTS_LINE = re.compile(
    r"""
      .* (?: [.·…]\s? ){4,} \s* (?: \d+ | [ivxlc]+ )?  # leaders, perhaps a page
    | .* \D \s \s* \d{1,4}                             # a page number at the end
    | \W* \d{1,3} (?: \.\d{1,3} )+ \.? \s .* [^.!?:;,] # a number, a title, no full stop
    """,
    re.VERBOSE,
)


def find_chunk_fault(text: str, token_count: int, settings: ChunkSettings) -> Fault | None:
    """The first fault of a chunk with the score that shows it, None if it is worth asking about."""
    if token_count < settings.min_tokens:
        return Fault("too_short", token_count, settings.min_tokens)
    contents = contents_line_share(text)
    if contents > settings.max_contents_line_share:
        return Fault("contents_page", contents, settings.max_contents_line_share)
    prose = prose_share(text)
    if prose < settings.min_prose_share:
        return Fault("little_prose", prose, settings.min_prose_share)
    glued = glued_word_share(text)
    if glued > settings.max_glued_word_share:
        return Fault("glued_words", glued, settings.max_glued_word_share)
    return None


def contents_line_share(text: str) -> float:
    """The share of the lines that look like lines of a table of contents or of an index."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    short_lines = (line for line in lines if len(line) <= MAX_CONTENTS_LINE_CHARS)
    return _share(
        sum(_CONTENTS_LINE.fullmatch(line) is not None for line in short_lines), len(lines)
    )


def glued_word_share(text: str) -> float:
    """The share of the different words that look like several words run together.

    Different words: a name of a program that recurs (`HttpServlet`) counts once, lost spaces do
    not recur.
    """
    words = {match.group(1) for match in _PLAIN_WORD.finditer(text)}
    return _share(sum(map(_is_glued, words)), len(words))


def prose_share(text: str) -> float:
    """The share of letters and digits that lie in sentences made mostly of plain words."""
    prose = total = 0
    for span in split_sentences(text):
        sentence = text[span.start_char : span.end_char]
        size = sum(map(len, _ALPHANUMERIC_RUN.findall(sentence)))
        letters = sum(len(word) for word in _PLAIN_WORD.findall(sentence))
        total += size
        if letters >= max(MIN_PROSE_SENTENCE_LETTERS, MIN_PLAIN_SHARE * size):
            prose += size
    return _share(prose, total)


def _is_glued(word: str) -> bool:
    return (
        max(map(len, _LETTER_RUN.findall(word))) > MAX_WORD_LETTERS
        or _CASE_SWITCH.search(word) is not None
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
