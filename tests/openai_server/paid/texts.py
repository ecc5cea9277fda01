"""Texts for default replies: from the numbered sentences of a prompt, or from nothing."""

import random
import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

_SENTENCE = re.compile(r"^\[(\d+)\][ \t]*(\S.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
_SECTION = re.compile(r"^Section: ", re.MULTILINE)  # where a passage begins
_ASKED = re.compile(r"^Question \d+: (.*)$", re.MULTILINE)
_ENOUGH_WORDS = 6  # for a question or statement without a repeated word
_TAIL_CHARS = 400
_WORD = re.compile(r"[^\W\d_]{4,}")
_QUESTIONS = (
    "What does {a} mean for {b} and {c}?",
    "How does {a} relate to {b} and {c}?",
    "Why does {a} matter for {b} and {c}?",
    "Which {a} applies to {b} and {c}?",
)
_STATEMENTS = (
    "The {a} concerns the {b} and its {c}, because {d} depends on {e}.",
    "With regard to {a}, the {b} is what makes {c} possible, and {d} follows from {e}.",
    "It is the {a} that decides about {b}: {c} needs {d} as well as {e}.",
)
_PLAIN_WORDS = (
    *("answer", "careful", "context", "detail", "engine", "example", "figure", "garden"),
    *("harbour", "island", "journey", "kernel", "letter", "memory", "number", "order"),
    *("paper", "question", "reason", "stream", "table", "update", "village", "window"),
)


class Focus(NamedTuple):
    """What one object of a reply is about: a sentence's number (None: no sentences) and words.

    `other` is a sentence of another passage, where the prompt shows several.
    """

    number: int | None
    words: Sequence[str]
    other: int | None = None


class TextSource(Protocol):
    """Gives the objects of one reply something to be about."""

    def focus(self) -> Focus: ...

    def focuses(self, count: int) -> list[Focus]: ...


class PromptWords:
    """No numbered sentences to lean on: the last words of the prompt, or some of no meaning."""

    def __init__(self, prompt: str, uniform: random.Random) -> None:
        words = _words(prompt[-_TAIL_CHARS:])
        self._words = words if len(words) >= _ENOUGH_WORDS else _PLAIN_WORDS
        self._random = uniform

    def focus(self) -> Focus:
        """Some words, in a seeded order."""
        return Focus(None, self._random.sample(self._words, _ENOUGH_WORDS))

    def focuses(self, count: int) -> list[Focus]:
        """So many of them."""
        return [self.focus() for _ in range(count)]


class NumberedSentences:
    """The sentences `[1] ...` of a prompt; the first focus is the one nearest to what follows.

    So a question asked below the sentences is answered from the sentence it was made of. Lines
    that begin with a space continue a sentence.
    """

    def __init__(self, prompt: str, uniform: random.Random) -> None:
        sentences = list(_SENTENCE.finditer(prompt))
        words_below = set(_words(prompt[sentences[-1].end() :])) if sentences else set()
        focuses = _joined(prompt, sentences)
        self._random = uniform
        asked = _ASKED.findall(prompt[sentences[-1].end() :]) if sentences else []
        self._asked = [_nearest(text, focuses) for text in asked]
        uniform.shuffle(focuses)
        focuses.sort(key=lambda focus: -len(words_below.intersection(focus.words)))
        self._focuses = [each for each in focuses if len(each.words) >= _ENOUGH_WORDS] or focuses
        self._next = 0

    def __bool__(self) -> bool:
        return bool(self._focuses)

    def focus(self) -> Focus:
        """The next sentence; after the last one the first again."""
        focus = self._focuses[self._next % len(self._focuses)]
        self._next += 1
        return self._shuffled(focus)

    def focuses(self, count: int) -> list[Focus]:
        """Of numbered questions below the sentences each one's own, else the next ones."""
        if len(self._asked) == count:
            return [self._shuffled(focus) for focus in self._asked]
        return [self.focus() for _ in range(count)]

    def _shuffled(self, focus: Focus) -> Focus:
        return focus._replace(words=self._random.sample(focus.words, len(focus.words)))


def _joined(prompt: str, sentences: Sequence[re.Match[str]]) -> list[Focus]:
    """A focus for each sentence; with two passages, for each of one and one of the other."""
    *_, last = [each.start() for each in _SECTION.finditer(prompt)] or [0]
    focuses = [Focus(int(each[1]), _words(each[2])) for each in sentences]
    before = [focus for focus, each in zip(focuses, sentences, strict=True) if each.start() < last]
    behind = focuses[len(before) :]
    if not before or not behind:
        return focuses
    others = (behind[place % len(behind)] for place in range(len(before)))
    return [
        Focus(one.number, list(dict.fromkeys([*one.words, *other.words])), other.number)
        for one, other in zip(before, others, strict=True)
    ]


def _nearest(text: str, focuses: Sequence[Focus]) -> Focus:
    words = set(_words(text))
    return max(focuses, key=lambda focus: len(words.intersection(focus.words)))


def source_of(prompt: str, uniform: random.Random) -> TextSource:
    """The prompt's numbered sentences, or its words where it has none."""
    return NumberedSentences(prompt, uniform) or PromptWords(prompt, uniform)


def question(focus: Focus, uniform: random.Random) -> str:
    """A question made of the focus's words; ends with a question mark."""
    return uniform.choice(_QUESTIONS).format(**_slots(focus))


def statement(focus: Focus, uniform: random.Random) -> str:
    """A sentence made of the focus's words in another order than theirs."""
    return uniform.choice(_STATEMENTS).format(**_slots(focus))


def _slots(focus: Focus) -> dict[str, str]:
    words = list(focus.words) or ["nothing"]
    return {slot: words[index % len(words)] for index, slot in enumerate("abcde")}


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(_WORD.findall(text.lower())))
