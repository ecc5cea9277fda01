"""Tells what an answer is by its form: opened by a courtesy, repeating itself, or saying nothing.

Nothing here is a list of phrases: an answer says something if its words come from its source.
"""

import re

from jobs.text.numbers.quantities import numbers_in
from jobs.text.sentences import split_sentences
from jobs.text.word_overlap import telling_words, word_overlap, words_beyond

MAX_COURTESY_WORDS = 8
MIN_REPEATED_CHARS = 12

_EXCLAMATION = re.compile(r"\s*+[\u00a1]?([^.!?:\u3002\uff01\uff1f\n]{1,80})[!\uff01]\s*\S")
_NEGATION = re.compile(
    r"\b(?:no|not|none|never|nothing|neither|nor|nowhere|cannot|\w+n['\u2019]t"
    r"|nicht|nichts|nie|niemals|kein\w*|weder|pas|aucune?|rien|jamais|ne|nada|nunca|ning\u00fan\w*"
    r"|non|nessun\w*|n\u00e3o|nenhum\w*)\b"
    r"|\bn['\u2019]|ない|ません|なし|不|没|沒|无|無|未",
    re.IGNORECASE,
)
_CODE_BLOCK = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)


def opens_with_courtesy(text: str, source: str) -> bool:
    """Whether it begins with an exclamation that shares no word with `source`: "Gladly!"."""
    opening = _EXCLAMATION.match(text)
    if opening is None or len(opening[1].split()) > MAX_COURTESY_WORDS:
        return False
    if denies(opening[1]):
        return False  # "No! ..." answers
    words = telling_words(opening[1])
    return not words or len(words_beyond(opening[1], source)) == len(words)


def repeats_itself(text: str) -> bool:
    """Whether half of its sentences, or two at least, were said before; code may repeat lines."""
    prose = _CODE_BLOCK.sub("\n\n", text)
    said = [prose[span.start_char : span.end_char] for span in split_sentences(prose)]
    long_ones = [" ".join(each.casefold().split()) for each in said]
    long_ones = [each for each in long_ones if len(each) >= MIN_REPEATED_CHARS]
    repeated = len(long_ones) - len(set(long_ones))
    return repeated >= 2 or (repeated > 0 and 2 * repeated >= len(long_ones))


def only_says_question(text: str, question: str) -> bool:
    """Whether it has all telling words of its question and no other one, nor a number."""
    if not telling_words(text) or words_beyond(text, question):
        return False
    has_number = numbers_in(text) - numbers_in(question)
    return not has_number and word_overlap(question, text) == 1.0


def denies(text: str) -> bool:
    """Whether it says of anything that it is not so."""
    return _NEGATION.search(text) is not None


def without_negations(text: str) -> str:
    """The text without the words by which it denies."""
    return _NEGATION.sub(" ", text)


def denies_to_answer(text: str, question: str, evidence: str) -> bool:
    """Whether it denies something, and nothing that it adds to its question is of its evidence."""
    if not denies(text) or numbers_in(text) & numbers_in(evidence):
        return False
    added = words_beyond(text, question)
    return bool(added) and words_beyond(text, f"{question}\n{evidence}") == added
