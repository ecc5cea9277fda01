"""Documents as they were read, the side of the split they are on, and their chunks."""

from typing import Literal

from schemas.record import Record, Span, Value

Side = Literal["train", "held_out"]


class Heading(Value):
    """One heading of a document; `start_char` is where its text begins in the document's text."""

    start_char: int
    level: int
    text: str


class Document(Record):
    """One file's text. Every later position is a character offset into `text`.

    `notes` say to people what of the file could not be read.
    """

    document_id: str
    path: str
    format: str
    size_bytes: int
    title: str
    word_count: int
    page_starts: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    notes: tuple[str, ...] = ()
    text: str


class Boilerplate(Record):
    """The menus, footers and notices of a document: ranges, in order, that are in no chunk."""

    document_id: str
    spans: tuple[Span, ...]


class DocumentGroup(Record):
    """Which documents belong together; those of one group stay on one side of the split.

    `duplicate_of`: the document that holds this one's text, which is therefore left out.
    """

    document_id: str
    group_id: str
    duplicate_of: str | None = None


class SideSpan(Value):
    """A half-open range of characters of a document that lies on one side of the split."""

    start_char: int
    end_char: int
    side: Side


class SplitAssignment(Record):
    """Where a document lies: one span for a whole document, several for a document in blocks.

    What no span covers (the gap between blocks) is on neither side and never used.
    """

    document_id: str
    spans: tuple[SideSpan, ...]


class LeakedText(Value):
    """What of a held-out chunk stands in training text: ranges of its document, in order."""

    chunk_id: str
    spans: tuple[Span, ...]


class HeldOutCheck(Record):
    """How far held-out text stands in training text.

    `dropped_chunk_ids`: held-out chunks half of whose shingles do, which are therefore not used.
    `leaked_share`: of the shingles of all others, those that do, and `leaked_text` where these are;
    None in runs that did not look. `check_id` names the chunks that were compared.
    """

    check_id: str
    held_out_chunk_count: int
    dropped_chunk_ids: tuple[str, ...]
    leaked_share: float
    leaked_text: tuple[LeakedText, ...] | None = None


class Chunk(Record):
    """A piece of a document: `text == document.text[start_char:end_char]`, on one side only."""

    chunk_id: str
    document_id: str
    path: str
    title: str
    side: Side
    start_char: int
    end_char: int
    first_page: int | None
    last_page: int | None
    headings: tuple[str, ...]
    token_count: int
    text: str
