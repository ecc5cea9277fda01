"""Inline markup of reStructuredText, in linear time also where nothing closes it."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from docutils import nodes
from docutils.parsers.rst.states import Inliner

_ESCAPE = "\0"  # docutils: what stands behind it is no markup
_MAX_CHARS = 20_000  # of a paragraph that is parsed at once: its rest is copied again and again
_MAX_SIBLINGS = 64  # docutils looks for a part of a paragraph among all of them

_ENDS = (
    *("emphasis", "interpreted_or_phrase_ref", "literal", "strong"),
    *("substitution_ref", "target"),
)


class _Inlines(NamedTuple):
    """What `Inliner.inline_obj` returns: a start without an end is text."""

    before: str
    nodes: list[nodes.Node]
    remaining: str
    messages: list[nodes.system_message]
    end: str


class _End:
    """The end of one kind of inline markup, looked for in ever shorter rests of a paragraph.

    Where a rest does not have it, no shorter one does; at its very start it would end nothing.
    """

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self._without = ""

    def search(self, rest: str) -> re.Match[str] | None:
        """As `re.Pattern.search`."""
        if rest and self._without.endswith(rest):
            return None
        found = self._pattern.search(rest)
        self._without = self._without if found else rest
        return found


def make_inliner() -> Inliner:
    """As docutils has it, but without what takes the square of a paragraph.

    It looks for no bare addresses, which changes no text, nor again for the end of emphasis or
    code that is nowhere in the rest of a paragraph: then the start is text, without a complaint.
    """
    inliner: Any = Inliner()
    prepare, inline_obj = inliner.init_customizations, inliner.inline_obj
    parse = inliner.parse

    def prepare_in_linear_time(settings: object) -> None:
        prepare(settings)
        inliner.implicit_dispatch = []
        for name in _ENDS:
            setattr(inliner.patterns, name, _End(getattr(inliner.patterns, name)))

    def inline_or_text(
        match: re.Match[str], lineno: int, end_pattern: _End, *how: object, **more: object
    ) -> object:
        place = match.end("start")
        if end_pattern.search(match.string[place:]) is None:
            return _Inlines(match.string[:place], [], match.string[place:], [], "")
        return inline_obj(match, lineno, end_pattern, *how, **more)

    def parse_in_pieces(text: str, *where: object) -> tuple[list[nodes.Node], list[nodes.Node]]:
        parsed = [parse(piece, *where) for piece in _pieces(text)]
        messages = [message for _, found in parsed for message in found]
        return _grouped([node for found, _ in parsed for node in found]), messages

    inliner.parse = parse_in_pieces
    inliner.init_customizations = prepare_in_linear_time
    inliner.inline_obj = inline_or_text
    inliner.dispatch = {**inliner.dispatch, "`": _phrase_or_text(inliner.dispatch["`"])}
    return inliner  # type: ignore[no-any-return]


def _pieces(text: str) -> Iterator[str]:
    """A paragraph, cut between words where it is longer than any that somebody wrote."""
    start = 0
    while len(text) - start > _MAX_CHARS:
        end = text.rfind(" ", start + 1, start + _MAX_CHARS) + 1 or start + _MAX_CHARS
        end -= text[end - 1] == _ESCAPE
        yield text[start:end]
        start = end
    yield text[start:]


def _grouped(parts: list[nodes.Node]) -> list[nodes.Node]:
    if len(parts) <= _MAX_SIBLINGS:
        return parts
    starts = range(0, len(parts), _MAX_SIBLINGS)
    groups: Sequence[list[nodes.Node]] = [parts[start : start + _MAX_SIBLINGS] for start in starts]
    return [nodes.inline("", "", *group) for group in groups]


def _phrase_or_text(phrase: Callable[..., object]) -> Callable[..., object]:
    def phrase_or_text(inliner: Inliner, match: re.Match[str], lineno: int) -> object:
        place = match.end("backquote")
        if inliner.patterns.interpreted_or_phrase_ref.search(match.string[place:]) is None:
            return match.string[:place], [], match.string[place:], []
        return phrase(inliner, match, lineno)

    return phrase_or_text
