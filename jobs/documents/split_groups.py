"""Documents that belong together are split as one: those that share text, and translations."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from jobs.documents.split_blocks import BlockPlan
from schemas.documents import Side, SplitAssignment

DOMINANT_SHARE = 0.8  # of a group's tokens, for one document to stand for it
NO_GROUPS: Mapping[str, str] = {}
NO_SIDE: None = None  # of a document that is neither trained on nor held out

SplitPlan = Side | BlockPlan | None


class DocumentSize(NamedTuple):
    """How large a document is: all that the split needs of most documents."""

    document_id: str
    token_count: int
    text_length_chars: int
    may_be_cut: bool = True


def plans_of_groups(
    sizes: Iterable[DocumentSize],
    existing: Mapping[str, SplitAssignment],
    groups: Mapping[str, str],
) -> dict[str, SplitPlan]:
    """The sides of documents whose group has one; a group that is on both is trained on.

    A group of which some are on no side has none for others either.
    """
    sides: dict[str, Side | None] = {}
    for document_id, assignment in existing.items():
        group_id = groups.get(document_id, document_id)
        side = _side_of(assignment)
        is_alike = sides.get(group_id, side) == side
        sides[group_id] = (
            side if is_alike else NO_SIDE if NO_SIDE in (side, sides[group_id]) else "train"
        )
    return {
        size.document_id: sides[group_id]
        for size in sizes
        if (group_id := groups.get(size.document_id, size.document_id)) in sides
    }


def _side_of(assignment: SplitAssignment) -> Side | None:
    if not assignment.spans:
        return NO_SIDE
    is_held_out = all(span.side == "held_out" for span in assignment.spans)
    return "held_out" if is_held_out else "train"


def one_a_group(
    sizes: Sequence[DocumentSize], groups: Mapping[str, str]
) -> dict[DocumentSize, list[DocumentSize]]:
    """The members of each group, the largest first, by what the group is taken for in the draw.

    A group is cut only if one document is most of it: that one is then, and the others are
    trained on. Blocks of several would share text.
    """
    members: dict[str, list[DocumentSize]] = {}
    for size in sorted(sizes, key=lambda size: (-size.token_count, size.document_id)):
        members.setdefault(groups.get(size.document_id, size.document_id), []).append(size)
    units: dict[DocumentSize, list[DocumentSize]] = {}
    for group in members.values():
        tokens = sum(size.token_count for size in group)
        chars = sum(size.text_length_chars for size in group)
        largest = group[0]
        if largest.token_count >= DOMINANT_SHARE * tokens:
            units[largest] = group
        else:
            units[DocumentSize(largest.document_id, tokens, chars, may_be_cut=False)] = group
    return units


def plans_of_members(
    plan: SplitPlan, group: Sequence[DocumentSize]
) -> Iterator[tuple[str, SplitPlan]]:
    """What becomes of the members of a group, the largest first, by what was drawn for it."""
    yield group[0].document_id, plan
    for size in group[1:]:
        yield size.document_id, "train" if isinstance(plan, BlockPlan) else plan


def largest_group(units: Iterable[Sequence[DocumentSize]]) -> list[DocumentSize]:
    """The group of several documents that has the most tokens, its largest document first."""
    several = [list(group) for group in units if len(group) > 1]
    return max(several, key=lambda g: sum(size.token_count for size in g), default=[])


def why_nothing(assignments: Sequence[SplitAssignment], groups: Mapping[str, str]) -> str:
    """Why nothing could be held out, and what to do."""
    ids = [assignment.document_id for assignment in assignments]
    if len(ids) > 1 and len({groups.get(id_, id_) for id_ in ids}) == 1:
        return (
            f"all {len(ids):,} documents share text or are translations of each other, and what "
            "one held out would stand in the training text of another; add documents about other "
            "things, or take those of one language alone"
        )
    return "the documents are too few or too short; add some"


def what_is_on_no_side(count: int) -> str:
    """Why documents are neither trained on nor held out, and how to train on all of them."""
    others = "another one is" if count == 1 else f"{count:,} others are"
    return (
        "no document could be held out whole, so parts of the largest are; "
        f"{others} on no side, as they share text with it or are translations of it (split_gap in "
        "rejected.jsonl); to train on all, set split.held_out_fraction to 0"
    )
