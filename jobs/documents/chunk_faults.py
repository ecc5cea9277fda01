"""Finds chunks that are not worth a question, before money is spent on them."""

import re
from collections.abc import Container, Iterable, Iterator

from jobs.text.languages import WRITES_COMPOUNDS, detect_language
from jobs.text.sentences import split_sentences
from schemas.dataset import Fault
from schemas.settings import ChunkSettings

MAX_WORD_LETTERS = 30
MAX_COMPOUND_LETTERS = 60  # in languages that write them as one word
MAX_CONTENTS_LINE_CHARS = 200
MIN_PART_LETTERS = 2
MIN_GLUED_WORDS = 3  # fewer are chance: into, without, filename
MIN_PROSE_SENTENCE_BYTES = 20
MIN_PLAIN_SHARE = 0.5  # of the letters and digits of a sentence of prose; the rest is code
MIN_SENTENCE_WORDS = 5
MIN_STEP_WORDS = 3  # of a short sentence that is whole: "Close the valve."
MIN_PLAIN_SHARE_EXPLAINED = 0.3  # of a sentence about code; the rest is names
MIN_EXPLAINED_BYTES = 80  # of words of two short sentences; of less no question comes
EXPLAINED_PART = 0.3  # of min_prose_share: so much has to be sentences where the rest is code

_LETTERS = r"[^\W\d_]"
_BREAK = (  # a word may touch these
    r"\s，。、；：！？—–（）「」『』《》〈〉【】〔〕［］・…～／"
    "،؛؟۔।॥։።"
)
_PLAIN_WORD = re.compile(  # letters alone, in punctuation; no call(), no path/, no a=b, no 3rd
    rf"(?<![^{_BREAK}])[\"'“”‘’«»„(\[*_]*"
    rf"({_LETTERS}+(?:['’-]{_LETTERS}+)*)"
    rf"[\"'“”‘’«»)\]*_.,;:!?…]*(?![^{_BREAK}])"
)
_UNSPACED_WORD = re.compile(  # of scripts whose words touch numbers and names: 第3号, v2을
    rf"(?:(?=[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])"
    rf"{_LETTERS})+"
)
_ALPHANUMERIC_RUN = re.compile(r"[^\W_]+")
_LETTER_RUN = re.compile(rf"{_LETTERS}+")
_SENTENCE_END = re.compile(r"[.!?:。！？：؟۔।։።][\"'”’»)\]*_]*$")
_STEP_END = re.compile(r"[^\W\d_][.!?。！？।]$")
_MARK = re.compile(r"(?![\w\s])[\u0300-\u1fff]")  # vowel signs, accents: neither letters nor signs
_FIRST_UNSPACED_SCRIPT = "\u0590"  # Latin, Greek, Cyrillic and Armenian lie before it
_CONTENTS_LINE = re.compile(
    r"""
      .* (?: [.·…]\s? ){4,} \s* (?: \d+ | [ivxlc]+ )?  # leaders, perhaps a page
    | .* \D \s \s* \d{1,4}                             # a page number at the end
    | \W* \d{1,3} (?: \.\d{1,3} )+ \.? \s              # a number, a title, no full stop
      (?! (?: \S+ \s+ ){11} ) .* [^.!?:;,]
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
    if prose < settings.min_prose_share and not _is_explained(text, settings.min_prose_share):
        return Fault("little_prose", prose, settings.min_prose_share)
    glued = glued_word_share(text)
    if glued > settings.max_glued_word_share and detect_language(text) in WRITES_COMPOUNDS:
        glued = glued_word_share(text, max_letters=MAX_COMPOUND_LETTERS)
    if glued > settings.max_glued_word_share:
        return Fault("glued_words", glued, settings.max_glued_word_share)
    return None


def contents_line_share(text: str) -> float:
    """The share of the lines that look like lines of a table of contents or of an index.

    Or that of their characters, if it is less: paragraphs among short lines are no contents.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    short_lines = (line for line in lines if len(line) <= MAX_CONTENTS_LINE_CHARS)
    found = [line for line in short_lines if _CONTENTS_LINE.fullmatch(line)]
    by_line = _share(len(found), len(lines))
    return min(by_line, _share(sum(map(len, found)), sum(map(len, lines))))


def glued_word_share(text: str, *, max_letters: int = MAX_WORD_LETTERS) -> float:
    """The share of the different words that look like several words run together.

    A word does if it is longer than any word (`max_letters`), or made of words that stand alone in
    the same text ("ofthe"); so the names of a program (`HttpServletRequest`) are not counted.
    Scripts that are written without spaces have none.
    """
    words = {match.group(1).casefold() for match in _PLAIN_WORD.finditer(text)}
    words = {word for word in words if word.isascii() or max(word) < _FIRST_UNSPACED_SCRIPT}
    glued_count = sum(_is_glued(word, words, max_letters) for word in words)
    return _share(glued_count, len(words)) if glued_count >= MIN_GLUED_WORDS else 0.0


def prose_share(text: str) -> float:
    """The share of letters and digits that lie in sentences made mostly of plain words."""
    text = _MARK.sub("", text)
    prose = total = 0
    for sentence in _joined_sentences(text):
        size = _byte_count(_ALPHANUMERIC_RUN.findall(sentence))
        total += size
        words = _plain_words(sentence)
        plain = _byte_count(words)
        is_whole = len(words) >= MIN_STEP_WORDS and _STEP_END.search(sentence) is not None
        if plain >= max(0 if is_whole else MIN_PROSE_SENTENCE_BYTES, MIN_PLAIN_SHARE * size):
            prose += size
    return _share(prose, total)


def _joined_sentences(text: str) -> Iterator[str]:
    """The sentences, each with what follows it in its line as long as it has too few words."""
    start = end = 0
    for span in split_sentences(text):
        if end and ("\n" in text[end : span.start_char] or _has_words(text[start:end])):
            yield text[start:end]
            start = span.start_char
        start = start if end else span.start_char
        end = span.end_char
    if end:
        yield text[start:end]


def _has_words(sentence: str) -> bool:
    return _byte_count(_plain_words(sentence)) >= MIN_PROSE_SENTENCE_BYTES


def _is_explained(text: str, min_prose_share: float) -> bool:
    """Whether code or a table comes with whole sentences about it, as in the manual of an API.

    Their words may be names as well. An index has entries, but no sentences.
    """
    text = _MARK.sub("", text)
    explained = total = 0
    for span in split_sentences(text):
        sentence = text[span.start_char : span.end_char]
        size = _byte_count(_ALPHANUMERIC_RUN.findall(sentence))
        words = _plain_words(sentence)
        total += size
        is_whole = len(words) >= MIN_SENTENCE_WORDS and _SENTENCE_END.search(sentence) is not None
        if is_whole and _byte_count(words) >= MIN_PLAIN_SHARE_EXPLAINED * size:
            explained += size
    wanted = min_prose_share * EXPLAINED_PART * total
    return explained >= max(MIN_EXPLAINED_BYTES, wanted)


def _is_glued(word: str, words: Container[str], max_letters: int) -> bool:
    if len(word) > max_letters:
        return max(map(len, _LETTER_RUN.findall(word))) > max_letters
    if len(word) < 2 * MIN_PART_LETTERS:
        return False
    ends = [0]  # where a run of other words from the start of `word` can end
    for end in range(MIN_PART_LETTERS, len(word) + 1):
        for start in ends:
            if end - start < MIN_PART_LETTERS:
                break
            part = word[start:end]
            if part in words and part != word:
                ends.append(end)
                break
    return ends[-1] == len(word)


def _plain_words(sentence: str) -> list[str]:
    if sentence.isascii():
        return _PLAIN_WORD.findall(sentence)
    others = _UNSPACED_WORD.sub(" ", sentence)
    return [*_PLAIN_WORD.findall(others), *_UNSPACED_WORD.findall(sentence)]


def _byte_count(words: Iterable[str]) -> int:
    """In UTF-8: a Chinese character, of three bytes, says as much as a few Latin letters."""
    return len("".join(words).encode())


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
