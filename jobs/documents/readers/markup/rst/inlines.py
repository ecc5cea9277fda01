"""Inline markup of reStructuredText, in linear time also where nothing closes it."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from docutils import nodes
from docutils.parsers.rst.states import Inliner

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

    inliner.init_customizations = prepare_in_linear_time
    inliner.inline_obj = inline_or_text
    inliner.dispatch = {**inliner.dispatch, "`": _phrase_or_text(inliner.dispatch["`"])}
    return inliner  # type: ignore[no-any-return]


def _phrase_or_text(phrase: Callable[..., object]) -> Callable[..., object]:
    def phrase_or_text(inliner: Inliner, match: re.Match[str], lineno: int) -> object:
        place = match.end("backquote")
        if inliner.patterns.interpreted_or_phrase_ref.search(match.string[place:]) is None:
            return match.string[:place], [], match.string[place:], []
        return phrase(inliner, match, lineno)

    return phrase_or_text
