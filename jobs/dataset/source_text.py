"""What a question or an answer is checked against."""

from functools import cached_property

from jobs.text.languages import detect_language
from schemas.documents import Chunk


class SourceText:
    """The evidence of a text, the chunk that it is part of, and where the chunk stands.

    Title and headings count as source: they name what the text below them speaks of.
    """

    def __init__(self, evidence: str, chunk: Chunk) -> None:
        self.evidence = evidence
        self.chunk_text = chunk.text
        self.place = "\n".join((chunk.title, *chunk.headings))

    @cached_property
    def near(self) -> str:
        """The evidence and the names of document and sections."""
        return f"{self.place}\n{self.evidence}"

    @cached_property
    def whole(self) -> str:
        """The whole chunk and the names of document and sections."""
        return f"{self.place}\n{self.chunk_text}"

    @cached_property
    def language(self) -> str | None:
        """The language of the chunk; None: it is not certain."""
        return detect_language(self.chunk_text)
