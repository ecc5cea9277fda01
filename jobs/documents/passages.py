"""What a question is asked about: a chunk, or a chunk and a second one of the same document."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from schemas.documents import Chunk
from schemas.record import Span

GAP = "\n\n"  # between two passages that are shown as one text


class AboutPassages(Protocol):
    """A question, or what came of it; `second_chunk_id` is empty for most."""

    @property
    def chunk_id(self) -> str:
        """The chunk that it was asked about."""
        ...

    @property
    def second_chunk_id(self) -> str:
        """The chunk that it needs besides."""
        ...


class Passages(NamedTuple):
    """A chunk, and for some questions a second one, of the same document and side."""

    chunk: Chunk
    second: Chunk | None = None

    @property
    def second_id(self) -> str:
        """The id of the second chunk; empty: there is none."""
        return self.second.chunk_id if self.second else ""

    @property
    def in_order(self) -> tuple[Chunk, ...]:
        """One chunk or two, in the order of the document."""
        if self.second is None:
            return (self.chunk,)
        return tuple(sorted((self.chunk, self.second), key=lambda chunk: chunk.start_char))

    @property
    def text(self) -> str:
        """All that there is to answer from."""
        return GAP.join(chunk.text for chunk in self.in_order)

    def read(self, spans: Iterable[Span]) -> tuple[str, ...]:
        """The texts of spans, given in characters of the document."""
        return tuple(self.text[span.start_char : span.end_char] for span in self.within(spans))

    def within(self, spans: Iterable[Span]) -> tuple[Span, ...]:
        """Spans of the document in characters of `text`; all of them lie in a passage."""
        return tuple(self._within(span) for span in spans)

    def _within(self, span: Span) -> Span:
        first, last = self.in_order[0], self.in_order[-1]
        shift = -first.start_char
        if last is not first and span.start_char >= first.end_char:
            shift = len(first.text) + len(GAP) - last.start_char
        return Span(start_char=span.start_char + shift, end_char=span.end_char + shift)


def passages_of(item: AboutPassages, require: Callable[[str], Chunk]) -> Passages:
    """What an item is about; `require` returns the chunk of an id, and its errors go through."""
    second = require(item.second_chunk_id) if item.second_chunk_id else None
    return Passages(require(item.chunk_id), second)
