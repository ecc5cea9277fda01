"""What a question or an answer is checked against."""

from collections.abc import Callable
from functools import cached_property

from jobs.documents.passages import GAP
from jobs.text.languages import detect_language
from schemas.documents import Chunk


class SourceText:
    """The evidence of a text, the chunks that it is part of, and where these stand.

    Title and headings count as source: they name what the text below them speaks of.
    """

    def __init__(self, evidence: str, *chunks: Chunk) -> None:
        self.evidence = evidence
        self.chunk_text = GAP.join(chunk.text for chunk in chunks)
        self.place = "\n".join(name for chunk in chunks for name in (chunk.title, *chunk.headings))

    @cached_property
    def near(self) -> str:
        """The evidence and the names of document and sections."""
        return f"{self.place}\n{self.evidence}"

    @cached_property
    def whole(self) -> str:
        """The whole text and the names of document and sections."""
        return f"{self.place}\n{self.chunk_text}"

    @cached_property
    def language(self) -> str | None:
        """The language of the text; None: it is not certain."""
        return detect_language(self.chunk_text)

    def is_in_all(self, holds: Callable[[str | None], bool]) -> bool:
        """Whether something holds in the language of the text, and in that of its evidence.

        Manuals that are translated in part have paragraphs in two languages.
        """
        return holds(self.language) and (
            self._evidence_language in (None, self.language) or holds(self._evidence_language)
        )

    @cached_property
    def _evidence_language(self) -> str | None:
        return detect_language(self.evidence)
