"""Asks a student of this machine one question after the other, as it was trained to be asked."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple, Self

import aiohttp

from engine.closing import AsyncClosing
from engine.errors import ConfigError
from engine.files.records import read_records
from engine.local.student_model import ServedStudent, StudentModel
from engine.run_folder import RunFolder
from engine.wire.replies.content import reply_text
from jobs.dataset.rows.chat_rows import Excerpt, place_of, student_prompt
from jobs.documents.chunk_documents import CHUNKS
from jobs.evaluation.questions.retrieve_context import rank_by_words, require_word_search
from schemas.documents import Chunk
from schemas.settings import RunSettings


class StudentReply(NamedTuple):
    """An answer, and where the excerpt stands that it was given with (empty: without any)."""

    text: str
    place: str


class StudentChat(AsyncClosing):
    """A served student between `async with` and its end; asked one question at a time."""

    def __init__(
        self,
        folder: RunFolder,
        settings: RunSettings,
        students: Sequence[ServedStudent],
        *,
        name: str,
        is_closed: bool,
    ) -> None:
        """Check that excerpts can be found.

        Raises:
            ConfigError: what finds them is not installed.
        """
        if not is_closed:
            require_word_search()
        self._folder = folder
        self._settings = settings
        self._students = students
        self._name = name
        self._is_closed = is_closed
        self._opened = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start the student's server.

        Raises:
            ConfigError: it does not start.
        """
        self._model = await self._opened.enter_async_context(
            StudentModel(self._students, self._folder.student_log_path)
        )
        headers = {"Authorization": f"Bearer {self._model.api_key}"}
        self._session = await self._opened.enter_async_context(
            aiohttp.ClientSession(headers=headers)
        )
        return self

    async def aclose(self) -> None:
        """End the server."""
        await self._opened.aclose()

    async def answer(self, question: str) -> StudentReply:
        """The student's answer.

        Raises:
            ConfigError: it is no question, or the server refuses it: it is too long, for one.
            DamagedLogError: the file of chunks is damaged.
        """
        _require_text(question)
        excerpt = None if self._is_closed else await asyncio.to_thread(self._find, question)
        body = {
            "model": self._name,
            "messages": student_prompt(question, excerpt, self._settings.dataset).messages(),
            "max_tokens": self._settings.evaluation.answer_max_output_tokens,
            "temperature": self._settings.evaluation.temperature or 0.0,
        }
        async with self._session.post(
            f"{self._model.base_url}/chat/completions", json=body
        ) as reply:
            found = await reply.json()
        if reply.status != 200:
            raise ConfigError(f"the student cannot answer: {found['error']['message']}")
        return StudentReply(reply_text(found).strip(), excerpt.place if excerpt else "")

    def _find(self, question: str) -> Excerpt:
        path = self._folder.results_path(CHUNKS.name)
        ((chunk_id, *_),) = rank_by_words([question], path, 1)
        wanted = frozenset([chunk_id]).__contains__
        chunk = next(read_records(path, Chunk, is_wanted=wanted))
        return Excerpt(place_of(chunk), chunk.text)


def _require_text(question: str) -> None:
    if not question.strip():
        raise ConfigError("found an empty question, expected one with words")
    try:
        question.encode()
    except UnicodeEncodeError as error:  # what a terminal or a pipe gave was no text
        raise ConfigError(f"found bytes that are no UTF-8 in the question {question!a}") from error
