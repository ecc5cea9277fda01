"""Shows a chunk as numbered sentences between marks that its text cannot forge."""

from collections.abc import Sequence
from typing import NamedTuple

from jobs.text.sentences import split_sentences
from jobs.text.untrusted_text import defuse_tokens, make_line, make_plain
from schemas.documents import Chunk
from schemas.record import Span, content_id

MARK_DIGITS = 12
MAX_TITLE_CHARS = 200
CONTINUATION = "    "


class NumberedSentences(NamedTuple):
    """The sentences of a chunk, the first is number 1. `spans` are in document characters."""

    listing: str
    texts: tuple[str, ...]
    spans: tuple[Span, ...]

    def first_out_of_range(self, numbers: Sequence[int]) -> int | None:
        """The first of `numbers` that is no sentence of this chunk."""
        return next((number for number in numbers if not 1 <= number <= len(self.texts)), None)

    def spans_of(self, numbers: Sequence[int]) -> tuple[Span, ...]:
        """The spans of the sentences `numbers`, each once, in the order of the document."""
        return tuple(self.spans[number - 1] for number in sorted(set(numbers)))

    def text_of(self, numbers: Sequence[int]) -> str:
        """The texts of the sentences `numbers`, each once, in the order of the document."""
        return " ".join(self.texts[number - 1] for number in sorted(set(numbers)))


def number_sentences(chunk: Chunk) -> NumberedSentences:
    """Number the sentences of `chunk` and lay them out for a prompt.

    In the listing each line between the marks begins with a label, a number or spaces that the
    document did not write, and the marks hold a hash of the text between them: a document can
    neither end the listing early nor add a sentence to it.
    """
    local_spans = split_sentences(chunk.text)
    texts = tuple(chunk.text[span.start_char : span.end_char] for span in local_spans)
    return NumberedSentences(
        listing=_lay_out(chunk, texts),
        texts=texts,
        spans=tuple(
            Span(
                start_char=chunk.start_char + span.start_char,
                end_char=chunk.start_char + span.end_char,
            )
            for span in local_spans
        ),
    )


def _lay_out(chunk: Chunk, texts: Sequence[str]) -> str:
    mark = content_id("mark", chunk.chunk_id, chunk.text)[:MARK_DIGITS]
    section = " > ".join(chunk.headings)
    lines = [
        f"=== TEXT {mark} ===",
        f"Document: {defuse_tokens(make_line(chunk.title, MAX_TITLE_CHARS))}",
        f"Section: {defuse_tokens(make_line(section, MAX_TITLE_CHARS))}",
        *(_number(number, text) for number, text in enumerate(texts, start=1)),
        f"=== END {mark} ===",
    ]
    return "\n".join(lines)


def _number(number: int, text: str) -> str:
    lines = [line.rstrip() for line in make_plain(text).split("\n")]
    shown = f"\n{CONTINUATION}".join(line for line in lines if line)
    return f"[{number}] {defuse_tokens(shown)}"
