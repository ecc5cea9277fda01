"""The small-model profile on the real model: real sentences in, rows that can be read out."""

from pathlib import Path

import aiohttp
import orjson

from engine.local.model import LocalModel
from engine.testing.calls import completed
from jobs.dataset.small.model import write_small_answer, write_small_questions
from jobs.documents.passages import Passages
from schemas.dataset import Answer, Question
from schemas.outcomes import Outcome
from schemas.requests import Request
from schemas.settings import QuestionSettings, RunSettings, TeacherSettings
from tests.unit.jobs.dataset.teacher import make_chunk

TEXT = (
    "A named pipe is a file that acts like a pipe. You put something into it.\n\n"
    "Regular files are stored on the disk of the machine. This is not always so.\n\n"
    "The scheduler provides every process with a fair share of the processor.\n\n"
    "Old messages must be removed by the owner of the mailbox."
)


async def test_plain_sentences_become_rows_in_their_own_words(tmp_path: Path) -> None:
    chunk = make_chunk(TEXT)
    async with LocalModel(tmp_path / "log") as model, aiohttp.ClientSession() as session:
        settings = RunSettings(
            questions=QuestionSettings(per_chunk=4),
            teacher=TeacherSettings(model=model.chat_model, embedding_model=model.embedding_model),
        )
        ask = _Sender(model, session)

        results = await write_small_questions(chunk, ask, settings)
        questions = [result for result in results if isinstance(result, Question)]
        answers = [await write_small_answer(q, Passages(chunk), ask, settings) for q in questions]

    assert len(results) == 4
    asked = {question.text.casefold() for question in questions}
    assert "what is a named pipe?" in asked
    kept = {answer.text for answer in answers if isinstance(answer, Answer)}
    assert "A named pipe is a file that acts like a pipe." in kept


class _Sender:
    """An `Ask` that sends once and trusts the reply: the engine is not what is tested here."""

    def __init__(self, model: LocalModel, session: aiohttp.ClientSession) -> None:
        self._model = model
        self._session = session

    async def __call__(self, request: Request) -> Outcome:
        url = self._model.base_url.removesuffix("/v1") + request.url
        headers = {
            "Authorization": f"Bearer {self._model.api_key}",
            "Content-Type": "application/json",
        }
        async with self._session.post(url, data=request.payload, headers=headers) as reply:
            raw = await reply.read()
        assert reply.status == 200, raw
        return completed(request, orjson.loads(raw), raw=raw)
