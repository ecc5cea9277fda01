"""Shows chunks as numbered sentences between marks that their text cannot forge."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, chain, count
from typing import NamedTuple

from jobs.text.sentences import split_sentences
from jobs.text.untrusted_text import defuse_tokens, make_line, make_plain
from schemas.documents import Chunk
from schemas.record import Span, content_id

MARK_DIGITS = 12
MAX_TITLE_CHARS = 200
CONTINUATION = "    "
KEPT_LISTINGS = 64  # a chunk is shown with each of its questions


class NumberedSentences(NamedTuple):
    """The sentences of chunks, the first is number 1. `spans` are in document characters.

    `firsts` are the numbers at which the chunks begin.
    """

    listing: str
    texts: tuple[str, ...]
    spans: tuple[Span, ...]
    firsts: tuple[int, ...] = (1,)

    def first_out_of_range(self, numbers: Sequence[int]) -> int | None:
        """The first of `numbers` that is no sentence."""
        return next((number for number in numbers if not 1 <= number <= len(self.texts)), None)

    def spans_of(self, numbers: Sequence[int]) -> tuple[Span, ...]:
        """The spans of the sentences `numbers`, each once, in the order of the document."""
        return tuple(self.spans[number - 1] for number in sorted(set(numbers)))

    def text_of(self, numbers: Sequence[int]) -> str:
        """The texts of the sentences `numbers`, each once, in the order of the document."""
        return " ".join(self.texts[number - 1] for number in sorted(set(numbers)))

    def are_of_every_chunk(self, numbers: Iterable[int]) -> bool:
        """Whether each chunk has one of the sentences `numbers`."""
        return len({bisect_right(self.firsts, number) for number in numbers}) == len(self.firsts)


@lru_cache(KEPT_LISTINGS)
def number_sentences(*chunks: Chunk) -> NumberedSentences:
    """Number the sentences of one chunk, or of several in a row, and lay them out for a prompt.

    In the listing each line between the marks begins with a label, a number or spaces that the
    document did not write, and the marks hold a hash of the text between them: a document can
    neither end the listing early nor add a sentence to it. Each chunk begins with its section.
    """
    local_spans = [split_sentences(chunk.text) for chunk in chunks]
    texts = [
        [chunk.text[span.start_char : span.end_char] for span in spans]
        for chunk, spans in zip(chunks, local_spans, strict=True)
    ]
    *firsts, _ = accumulate(map(len, texts), initial=1)
    return NumberedSentences(
        listing=_lay_out(chunks, texts),
        texts=tuple(chain.from_iterable(texts)),
        spans=tuple(
            Span(
                start_char=chunk.start_char + span.start_char,
                end_char=chunk.start_char + span.end_char,
            )
            for chunk, spans in zip(chunks, local_spans, strict=True)
            for span in spans
        ),
        firsts=tuple(firsts),
    )


def _lay_out(chunks: Sequence[Chunk], texts: Sequence[Sequence[str]]) -> str:
    marked = chain.from_iterable((chunk.chunk_id, chunk.text) for chunk in chunks)
    mark = content_id("mark", *marked)[:MARK_DIGITS]
    title = defuse_tokens(make_line(chunks[0].title, MAX_TITLE_CHARS))
    lines = [f"=== TEXT {mark} ===", f"Document: {title}"]
    numbers = count(1)
    for chunk, sentences in zip(chunks, texts, strict=True):
        section = " > ".join(chunk.headings)
        lines.append(f"Section: {defuse_tokens(make_line(section, MAX_TITLE_CHARS))}")
        lines += [_number(next(numbers), text) for text in sentences]
    return "\n".join([*lines, f"=== END {mark} ==="])


def _number(number: int, text: str) -> str:
    lines = [line.rstrip() for line in make_plain(text).split("\n")]
    shown = f"\n{CONTINUATION}".join(line for line in lines if line)
    return f"[{number}] {defuse_tokens(shown)}"
