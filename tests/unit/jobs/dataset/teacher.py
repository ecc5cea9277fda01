"""A teacher that answers from a script, and chunks to ask it about."""

import orjson

from engine.testing.calls import completed, failed
from schemas.documents import Chunk
from schemas.outcomes import Outcome
from schemas.record import content_id
from schemas.requests import Json, Request
from schemas.settings import QuestionSettings, RunSettings, TeacherSettings

SETTINGS = RunSettings(
    teacher=TeacherSettings(model="teacher-1"), questions=QuestionSettings(top_up_below=0.0)
)
TEXT = (
    "A maintainer script must be idempotent. It may be run twice after a crash.\n\n"
    "The prerm script runs before files are removed. Triggers are run last of all."
)

WHY = "Why must a maintainer script be idempotent?"
WHEN = "When does the prerm script run?"


def reply_with(*drafts: tuple[list[int], str]) -> Json:
    """A reply with these questions, each with the numbers of its evidence."""
    return {
        "questions": [
            {"evidence": list(evidence), "kind": "why", "question": question}
            for evidence, question in drafts
        ]
    }


class ScriptedTeacher:
    """An `Ask` that replies to every request with one scripted content, and keeps the requests."""

    def __init__(self, content: Json | bytes, *, failure: str = "") -> None:
        text = content if isinstance(content, bytes) else orjson.dumps(content)
        self._content = text.decode()
        self._failure = failure
        self.requests: list[Request] = []

    async def __call__(self, request: Request) -> Outcome:
        self.requests.append(request)
        if self._failure:
            return failed(request, self._failure, message="said no", status=200)
        return completed(request, self._content)

    def body(self) -> dict[str, Json]:
        """The body of the only request."""
        (request,) = self.requests
        body: dict[str, Json] = orjson.loads(request.payload)
        return body

    def messages(self) -> tuple[str, str]:
        """The system and the user message of the only request."""
        messages = self.body()["messages"]
        assert isinstance(messages, list)
        system, user = (message["content"] for message in messages if isinstance(message, dict))
        return str(system), str(user)


def make_chunk(text: str = TEXT, *, start_char: int = 1000, title: str = "Policy") -> Chunk:
    """A chunk that begins at character `start_char` of its document."""
    end_char = start_char + len(text)
    return Chunk(
        chunk_id=content_id("chunk", "d1", start_char, end_char, ascii(text)),
        document_id="d1",
        path="policy.txt",
        title=title,
        side="train",
        start_char=start_char,
        end_char=end_char,
        first_page=None,
        last_page=None,
        headings=("Scripts", "Order"),
        token_count=50,
        text=text,
    )
