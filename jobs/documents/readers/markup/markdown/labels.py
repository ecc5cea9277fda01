"""Where the labels of links and pictures end, in linear time also where nothing closes them."""

import re
from collections.abc import Mapping

from markdown_it import helpers
from markdown_it.rules_inline import StateInline

_REFERENCE = re.compile(
    r"\[(?:[^\[\]\\]|\\.){0,999}\]", re.DOTALL
)  # CommonMark 0.31, 6.3: its label


class LabelHelpers:
    """What markdown-it's rules of links and pictures look for their parts with."""

    parseLinkDestination = staticmethod(helpers.parseLinkDestination)  # noqa: N815 - their names
    parseLinkTitle = staticmethod(helpers.parseLinkTitle)  # noqa: N815

    @staticmethod
    def parseLinkLabel(  # noqa: N802
        state: StateInline,
        start: int,
        disableNested: bool | None = None,  # noqa: N803
    ) -> int:
        """Where the label ends whose bracket is at `start`; -1 if it does not.

        Without the last argument it is the second label of a link, which holds no bracket.
        """
        if disableNested is None:
            found = _REFERENCE.match(state.src, start, state.posMax)
            return found.end() - 1 if found else -1
        return _label_end(state, start, disable_nested=disableNested)


def _label_end(state: StateInline, start: int, *, disable_nested: bool) -> int:
    """As markdown-it has it; what is learnt of the brackets on the way is kept.

    Where a label does not end, no label ends that begins within it and is open there.
    """
    known = state.env.setdefault("label_ends", {})
    ends: dict[int, int] = known.setdefault((state.src, state.posMax, disable_nested), {})
    if start in ends:
        return ends[start]
    old_place = state.pos
    state.pos = start + 1
    opened = [start]
    while state.pos < state.posMax:
        place, sign = state.pos, state.src[state.pos]
        if sign == "]":
            ends[opened.pop()] = place
            if not opened:
                break
        state.md.inline.skipToken(state)
        if sign == "[" and not _passes(state, place, opened, ends, allows_links=not disable_nested):
            break
    ends.update(dict.fromkeys(opened, -1))
    state.pos = old_place
    return ends[start]


def _passes(
    state: StateInline,
    place: int,
    opened: list[int],
    ends: Mapping[int, int],
    *,
    allows_links: bool,
) -> bool:
    """Whether a label may end behind what begins with a bracket within it."""
    if state.pos != place + 1:
        return allows_links  # no link may be in another
    end = ends.get(place)
    if end is None:
        opened.append(place)
    elif end >= 0:
        state.pos = end + 1
    return end is None or end >= 0
