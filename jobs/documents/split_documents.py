"""Puts documents on the training or the held-out side, before anything is generated."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from engine.files.records import RecordLog, encode_record, read_records
from engine.files.replace import replace_file
from engine.stage import StagePass
from jobs.documents.read_documents import DOCUMENTS
from jobs.documents.split_blocks import BlockPlan, count_blocks, cut_into_blocks
from jobs.documents.split_groups import (
    NO_GROUPS,
    NO_SIDE,
    DocumentSize,
    SplitPlan,
    largest_group,
    one_a_group,
    plans_of_groups,
    plans_of_members,
    what_is_on_no_side,
    why_nothing,
)
from jobs.documents.token_counts import count_all_tokens
from jobs.documents.whole_corpus.find_twins import TWINS, read_left_out
from jobs.run.stages import Stage, StageContext
from schemas.documents import Document, DocumentGroup, Side, SideSpan, SplitAssignment
from schemas.record import content_id
from schemas.settings import SplitSettings

ENOUGH = 0.1  # of the tokens that are to be held out
MIN_DOCUMENTS = 2  # one to train on, one to hold out

ReadText = Callable[[str], str]

_log = logging.getLogger(__name__)


def assign_sides(
    new: Iterable[DocumentSize],
    existing: Mapping[str, SplitAssignment],
    *,
    read_text: ReadText,
    settings: SplitSettings,
    groups: Mapping[str, str] = NO_GROUPS,
) -> list[SplitAssignment]:
    """The sides of the documents of `new` that `existing` does not know, by document id.

    Whole documents are held out, and blocks of big ones, until `held_out_fraction` of all tokens
    is. Documents with the same group id in `groups` are on one side, that of the ones in
    `existing` where there are any. Where next to nothing could be held out so, the largest document
    of the largest group is cut, and the others of that group are on no side. What `existing` knows
    stays where it is and counts. Ids, sizes and seed decide, never an order. `read_text` is called
    with the ids of the documents that are cut, one at a time.
    """
    by_id = {size.document_id: size for size in new if size.document_id not in existing}
    sizes = [by_id[document_id] for document_id in sorted(by_id)]
    plans: dict[str, SplitPlan] = plans_of_groups(sizes, existing, groups)
    free = [size for size in sizes if size.document_id not in plans]
    units = one_a_group(free, groups)
    drawn = _make_plans(list(units), existing.values(), settings)
    for unit, members in units.items():
        plans |= plans_of_members(drawn.get(unit.document_id, "train"), members)
    is_enough = _held_out_tokens(drawn, units) >= ENOUGH * settings.held_out_fraction * _token_sum(
        sizes
    )
    if not is_enough and not existing and (group := largest_group(units.values())):
        cut = _make_plans(group[:1], (), settings)
        plans |= {size.document_id: NO_SIDE for size in group} | cut if cut else {}
    return [
        SplitAssignment(
            document_id=size.document_id,
            spans=_spans(size, plans[size.document_id], read_text, settings.seed),
        )
        for size in sizes
    ]


def _held_out_tokens(drawn: Mapping[str, SplitPlan], units: Iterable[DocumentSize]) -> float:
    tokens = 0.0
    for unit in units:
        plan = drawn.get(unit.document_id)
        if isinstance(plan, BlockPlan):
            tokens += unit.token_count * plan.held_out_count / plan.block_count
        elif plan == "held_out":
            tokens += unit.token_count
    return tokens


def _spans(
    size: DocumentSize, plan: SplitPlan, read_text: ReadText, seed: int
) -> tuple[SideSpan, ...]:
    if plan is NO_SIDE:
        return ()
    if not isinstance(plan, BlockPlan):
        return (SideSpan(start_char=0, end_char=size.text_length_chars, side=plan),)
    by_chance = sorted(
        range(plan.block_count), key=lambda index: _chance(seed, size.document_id, index)
    )
    return cut_into_blocks(read_text(size.document_id), plan, by_chance)


def _make_plans(
    sizes: Sequence[DocumentSize], existing: Collection[SplitAssignment], settings: SplitSettings
) -> dict[str, SplitPlan]:
    """A plan for each document that is not wholly for training."""
    held_out_before, debt = _existing_debt(sizes, existing, settings.held_out_fraction)
    wanted = debt + settings.held_out_fraction * _token_sum(sizes)
    if wanted <= 0:
        return {}
    big = _big_documents(sizes, settings)
    small = sorted(set(sizes).difference(big), key=lambda size: _stratum(size, settings.seed))
    whole = _hold_out_whole(small, debt, settings.held_out_fraction)
    missing = wanted - _token_sum(whole)
    if not big and missing > wanted / 2:  # whole documents alone come nowhere near
        big = _cuttable(set(small).difference(whole), settings)[:1]
    if not big and missing > wanted / 2 and not held_out_before:
        whole += _nearest(missing, [size for size in small if size not in whole], len(existing))
    is_any_held_out = bool(whole) or held_out_before
    plans: dict[str, SplitPlan] = {size.document_id: "held_out" for size in whole}
    return plans | _plan_cuts(big, missing, settings, is_any_held_out=is_any_held_out)


def _existing_debt(
    sizes: Sequence[DocumentSize], existing: Collection[SplitAssignment], fraction: float
) -> tuple[bool, float]:
    """Whether anything is held out already, and how many tokens too few (below 0: too many)."""
    chars: dict[Side, int] = {"train": 0, "held_out": 0}
    for assignment in existing:
        for span in assignment.spans:
            chars[span.side] += span.end_char - span.start_char
    missing_chars = fraction * sum(chars.values()) - chars["held_out"]
    new_chars = sum(size.text_length_chars for size in sizes)
    tokens_per_char = _token_sum(sizes) / new_chars if new_chars else 0.0
    return chars["held_out"] > 0, missing_chars * tokens_per_char


def _big_documents(sizes: Sequence[DocumentSize], settings: SplitSettings) -> list[DocumentSize]:
    """The documents that are too large for one side alone, the largest first."""
    limit = settings.big_document_fraction * _token_sum(sizes)
    return _cuttable((s for s in sizes if s.token_count > limit or len(sizes) == 1), settings)


def _cuttable(sizes: Iterable[DocumentSize], settings: SplitSettings) -> list[DocumentSize]:
    """Those that are long enough for blocks of both sides, the largest first."""
    long = (s for s in sizes if s.may_be_cut and count_blocks(s.token_count, settings) > 0)
    return sorted(long, key=lambda size: (-size.token_count, size.document_id))


def _hold_out_whole(
    small: Iterable[DocumentSize], debt: float, fraction: float
) -> list[DocumentSize]:
    """Documents whose tokens add up to `fraction` of all, within half a small document.

    Every document adds its share to the debt; one is held out when that brings the debt nearer
    to nothing. From large to small: the small ones even out what the large ones left.
    """
    held_out = []
    for size in small:
        debt += fraction * size.token_count
        if debt > size.token_count / 2 > 0:
            held_out.append(size)
            debt -= size.token_count
    return held_out


def _nearest(tokens: float, small: Sequence[DocumentSize], other_count: int) -> list[DocumentSize]:
    """The one document nearest to so many tokens, if others are left to train on."""
    candidates = [size for size in small if size.token_count]
    if len(candidates) + other_count < MIN_DOCUMENTS:
        return []
    return [min(candidates, key=lambda size: abs(size.token_count - tokens))]


def _plan_cuts(
    big: Sequence[DocumentSize], missing: float, settings: SplitSettings, *, is_any_held_out: bool
) -> dict[str, SplitPlan]:
    """How many blocks of each big document are held out to make up for the missing tokens."""
    plans: dict[str, SplitPlan] = {}
    left_tokens = _token_sum(big)
    for size in big:
        blocks = count_blocks(size.token_count, settings)
        held_out = min(blocks // 2, max(0, round(blocks * missing / left_tokens)))
        if held_out or not (is_any_held_out or plans):
            held_out = max(1, held_out)
            gap_chars = settings.gap_tokens * size.text_length_chars // size.token_count
            plans[size.document_id] = BlockPlan(blocks, held_out, gap_chars)
        missing -= held_out / blocks * size.token_count
        left_tokens -= size.token_count
    return plans


def _stratum(size: DocumentSize, seed: int) -> tuple[int, str]:
    """Sorts by size, a power of two a stratum, the largest first, and by chance within one."""
    return -size.token_count.bit_length(), _chance(seed, size.document_id)


def _chance(seed: int, *parts: object) -> str:
    return content_id("split", seed, *parts)


def _token_sum(sizes: Iterable[DocumentSize]) -> int:
    return sum(size.token_count for size in sizes)


async def _split(context: StageContext[None]) -> StagePass:
    """Give each new document its side; what has one keeps it."""
    path = context.folder.results_path(SPLIT.name)
    existing = {a.document_id: a for a in read_records(path, SplitAssignment)}
    sizes = await _measure(context, existing)
    documents_path = context.folder.results_path(DOCUMENTS.name)
    async with RecordLog(documents_path, Document) as documents:

        def read_text(document_id: str) -> str:
            return documents.require(document_id).text

        groups = {g.document_id: g.group_id for g in _read_groups(context)}
        new = assign_sides(
            sizes,
            existing,
            read_text=read_text,
            settings=context.settings.split,
            groups=groups,
        )
    assignments = [*existing.values(), *new]
    replace_file(path, map(encode_record, assignments))
    is_held_out = any(span.side == "held_out" for each in assignments for span in each.spans)
    if context.settings.split.held_out_fraction and assignments and not is_held_out:
        _log.warning(
            "no text is held out, so nothing can be evaluated: %s", why_nothing(assignments, groups)
        )
    if left_out := sum(not assignment.spans for assignment in new):
        _log.warning("%s", what_is_on_no_side(left_out))
    return StagePass()


async def _measure(context: StageContext[None], existing: Collection[str]) -> list[DocumentSize]:
    """Counts the tokens of every new document."""
    passed_over = {*existing, *read_left_out(context.folder)}
    sizes = await count_all_tokens(
        context.folder.results_path(DOCUMENTS.name),
        context.pool,
        context.stopping,
        passed_over=passed_over,
    )
    return [DocumentSize(*size) for size in sizes]


def _read_groups(context: StageContext[None]) -> Iterator[DocumentGroup]:
    return read_records(context.folder.results_path(TWINS.name), DocumentGroup)


SPLIT: Stage[None] = Stage(
    name="split",
    label="split",
    result=SplitAssignment,
    reads=(DOCUMENTS.name, TWINS.name),
    work=_split,
    stays_when_earlier_change=True,
)
