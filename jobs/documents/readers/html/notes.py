"""Puts notes where they are read: at the end of the section that names them, not of the page."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from jobs.documents.readers.extract import PARAGRAPH, Block
from jobs.documents.readers.html.searches import Searches

MAX_CHARS_TO_NOTE = 1_200  # else it stands behind the paragraph: it has to be in the same chunk
MAX_CHARS_HELD = 16_000_000  # of a page; the notes of a larger one stay where they are
MAX_PARAGRAPHS = 3  # of one note

_MARK_LINKS = ", ".join(
    (
        *('sup a[href^="#"]', 'a[href^="#"][role="doc-noteref"]', "a.footnote-ref", "a.noteref"),
        'a[href^="#"][epub\\:type~="noteref"]',
    )
)
_NOTES_IN_TAGS = frozenset({"li", "aside", "div", "p", "section"})  # a mark is in none of these
NOTES: Searches = {  # what `mark_notes` is given: lists of notes, and marks
    '[class*="footnote"] li[id]': "footnote",
    '[role="doc-endnotes"] li[id]': "",
    '[class*="endnote"] li[id]': "endnote",
    "ol.references li[id]": "references",  # MediaWiki
    '[role="doc-footnote"][id]': "",
    **dict.fromkeys(  # EPUB
        (f'[epub\\:type~="{kind}"][id]' for kind in ("footnote", "rearnote", "endnote")), ""
    ),
    'a[role="doc-noteref"]': "",
    "a.footnote-ref": "footnote-ref",
    "a.noteref": "noteref",
    'a[epub\\:type="noteref"]': "",
    "a.footnote-reference.brackets": "footnote-reference",  # docutils: its style sheet adds them
    "dt.label .brackets": "brackets",
}
_MAX_MARK_CHARS = 4
_LABEL = re.compile(r"\[?([^\[\]\s]{1,40})\]?")
_LABEL_OR_MARK = re.compile(r"\[|\d|[*†‡]")  # of a note that says which it is
_NOTE = re.compile(r"\[(\d{1,4}|[^\[\]\s]{1,40}(?=\]\s))\](?=\s*\w)")
_MARK = re.compile(r"(?<!^)\[([^\[\]\s]{1,40})\]")
_SOURCES = re.compile(
    r"reference|bibliograph|literatur|sources|works cited|quellen|参考文献", re.IGNORECASE
)


class _Note(NamedTuple):
    """Blocks from `start` to before `end` are the note to the mark in block `mark`."""

    start: int
    end: int
    mark: int


def mark_notes(tree: LexborHTMLParser, found: Sequence[LexborNode]) -> None:
    """Bring notes and their marks into one form; `found` is what `NOTES` finds in the tree."""
    items = {node.attributes.get("id"): node for node in found if node.tag in _NOTES_IN_TAGS}
    if items:
        _label_notes(tree, items)
    for node in found:
        if node.tag not in _NOTES_IN_TAGS:
            _bracket(node)


def _label_notes(tree: LexborHTMLParser, items: Mapping[str | None, LexborNode]) -> None:
    """Have the items of a list of notes begin with the labels of their marks."""
    for link in tree.css(_MARK_LINKS):
        item = items.get((link.attributes.get("href") or "").removeprefix("#"))
        label = _LABEL.fullmatch(link.text(strip=True))
        if item is None or label is None or _is_within(link, item):
            continue
        if item.tag == "li":
            item.attrs["data-item-label"] = f"[{label[1]}]"
        elif item.first_child is not None and not _LABEL_OR_MARK.match(item.text(strip=True)):
            item.first_child.insert_before(f"[{label[1]}] ")


def _bracket(mark: LexborNode) -> None:
    """The mark of a note may be raised by its style alone."""
    text = mark.text(strip=True)
    is_raised = mark.css_first("sup") is not None or (
        mark.parent is not None and mark.parent.tag == "sup"
    )
    if text.isalnum() and len(text) <= _MAX_MARK_CHARS and not is_raised:
        mark.replace_with(f"[{text}]")


def _is_within(link: LexborNode, item: LexborNode) -> bool:
    node: LexborNode | None = link
    while node is not None and node.mem_id != item.mem_id:
        node = node.parent
    return node is not None


def place_notes(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks of a page, each note behind the section with its mark, or behind the paragraph.

    Entries of a list of sources stay together, as do notes of the section that they stand in.
    """
    waiting = iter(blocks)
    held: list[Block] = []
    size = 0
    for block in waiting:
        held.append(block)
        size += len(block.text)
        if size > MAX_CHARS_HELD:
            yield from held
            yield from waiting
            return
    notes = list(_find_notes(held))
    yield from _move(held, notes) if notes else held


def _find_notes(blocks: Sequence[Block]) -> Iterator[_Note]:
    """The notes that stand in a later section than their marks."""
    starts = {n: found[1] for n, block in enumerate(blocks) if (found := _label_of(block))}
    if not starts:
        return
    marks = _first_marks(blocks, set(starts.values()))
    sections = _sections(blocks)
    edges = [*starts, len(blocks)]
    for start, following in pairwise(edges):
        mark = marks.get(starts[start])
        section = sections[start]
        heading = blocks[section].text if section >= 0 else ""
        end = _end_of(blocks, start, following)
        if mark is None or end is None or mark > start or _SOURCES.search(heading):
            continue
        if sections[mark] != section and starts[start] not in {starts.get(mark)}:
            yield _Note(start, end, mark)


def _label_of(block: Block) -> re.Match[str] | None:
    return None if block.heading_level else _NOTE.match(block.text)


def _first_marks(blocks: Sequence[Block], labels: set[str]) -> dict[str, int]:
    marks: dict[str, int] = {}
    for number, block in enumerate(blocks):
        for found in _MARK.finditer(block.text):
            if found[1] in labels:
                marks.setdefault(found[1], number)
    return marks


def _sections(blocks: Sequence[Block]) -> list[int]:
    """By block, the heading above it; -1 before any."""
    sections, last = [], -1
    for number, block in enumerate(blocks):
        last = number if block.heading_level else last
        sections.append(last)
    return sections


def _end_of(blocks: Sequence[Block], start: int, following: int) -> int | None:
    """Where a note ends; None if text follows of which nothing tells whether it is the note's."""
    heading = next((n for n in range(start, following) if blocks[n].heading_level), None)
    end = following if heading is None else heading
    is_followed_by_note = heading is None and following < len(blocks)
    is_alone = end == start + 1
    return end if is_alone or (is_followed_by_note and end - start <= MAX_PARAGRAPHS) else None


def _move(blocks: Sequence[Block], notes: Sequence[_Note]) -> Iterator[Block]:
    moved = {number for note in notes for number in range(note.start, note.end)}
    places: dict[int, list[_Note]] = {}
    for note in notes:
        places.setdefault(_place_of(blocks, note.mark), []).append(note)
    for number, block in enumerate(blocks):
        for note in places.get(number, ()):
            for each in blocks[note.start : note.end]:
                yield each._replace(glue=PARAGRAPH)
        if number not in moved:
            is_first = number - 1 in moved and number not in places
            yield block._replace(glue=PARAGRAPH) if is_first else block


def _place_of(blocks: Sequence[Block], mark: int) -> int:
    """Before which block the notes of a mark go."""
    size = 0
    behind_paragraph = 0
    for number in range(mark + 1, len(blocks)):
        block = blocks[number]
        if block.heading_level:
            return number
        if block.glue == PARAGRAPH and not behind_paragraph:
            behind_paragraph = number
        size += len(block.text)
        if size > MAX_CHARS_TO_NOTE and behind_paragraph:
            return behind_paragraph
    return behind_paragraph or len(blocks)
