"""Puts chunks together that some question needs both of, so that all their rows go to one file."""

from collections.abc import Iterator

from schemas.dataset import Answer


class ChunkGroups:
    """Chunks by group: a chunk by itself, or all that pairs of chunks join, under the least id."""

    def __init__(self, answers: Iterator[Answer]) -> None:
        self._joined: dict[str, str] = {}
        for answer in answers:
            if answer.second_chunk_id:
                self._join(answer.chunk_id, answer.second_chunk_id)

    def group_of(self, chunk_id: str) -> str:
        """The id of a chunk's group: that of the chunk itself where no pair joins it."""
        while (other := self._joined.get(chunk_id, chunk_id)) != chunk_id:
            chunk_id = other
        return chunk_id

    def _join(self, chunk_id: str, other_id: str) -> None:
        least, other = sorted((self.group_of(chunk_id), self.group_of(other_id)))
        self._joined[other] = least
