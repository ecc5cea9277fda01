"""What an answer shares with a reference, counted without a model."""

import re
from collections import Counter

from jobs.evaluation.judging.judge import UnscoredError

_WORD = re.compile(r"[^\W_]+")
_CODE = re.compile(
    r"`([^`\n]+)`|(?<!\w)(--?[A-Za-z][\w-]*)|((?<!\w)(?:/[\w+-]+(?:\.[\w+-]+)*)+/?)|(\b\w+_\w+\b|\w+\(\))"
)
_NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:[.,]\d+)*")
# Chinese, Japanese and Thai do not part words by blanks: there each character counts as a word.
_UNPARTED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def token_f1(answer: str, reference: str) -> float:
    """The harmonic mean of the shares of common words in both (Rajpurkar et al. 2016, SQuAD).

    Case and punctuation do not count. 0 where a text has no word.
    """
    given, wanted = Counter(_words(answer)), Counter(_words(reference))
    common = (given & wanted).total()
    return 2 * common / (given.total() + wanted.total()) if common else 0.0


def numbers_and_code(answer: str, reference: str) -> float:
    """The share of the numbers and pieces of code of the reference that stand in the answer.

    Code is what stands in backticks, options, paths, names with an underscore and calls.

    Raises:
        UnscoredError: the reference has none.
    """
    wanted = exact_parts(reference)
    if not wanted:
        raise UnscoredError("the reference has no numbers and no code")
    given = exact_parts(answer) | {answer.strip().strip("`")}
    return sum(part in given or _stands_in(part, answer) for part in wanted) / len(wanted)


def exact_parts(text: str) -> set[str]:
    """The numbers, with decimal points as they are and groups of thousands joined, and the code."""
    code = {next(filter(None, found)).strip() for found in _CODE.findall(text)}
    numbers = {_plain_number(found) for found in _NUMBER.findall(_CODE.sub(" ", text))}
    return code | numbers


def _stands_in(part: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None


def _plain_number(number: str) -> str:
    """1,220 and 1.220 are 1220; 0,5 is 0.5: three digits behind a mark are thousands."""
    joined = re.sub(r"[.,](?=\d{3}(?!\d))", "", number) if not number.startswith("0") else number
    return joined.replace(",", ".").lstrip("+")


def _words(text: str) -> list[str]:
    return _WORD.findall(_UNPARTED.sub(lambda found: f" {found[0]} ", text.casefold()))
