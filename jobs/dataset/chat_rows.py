"""The shape of a training row: messages in chat format, open-book or closed-book."""

from typing import NamedTuple

from jobs.prompts import read_prompt
from schemas.documents import Chunk
from schemas.requests import Json


def chat_row(question: str, answer: str, chunk: Chunk, *, closed_book: bool) -> dict[str, Json]:
    """One row of OpenAI's supervised fine-tuning format: system, user, assistant.

    Open-book rows show the student the chunk, as a retrieval system would at the time of use.
    """
    excerpt = None if closed_book else Excerpt(place_of(chunk), chunk.text)
    return {"messages": [*ask_student(question, excerpt), {"role": "assistant", "content": answer}]}


class Excerpt(NamedTuple):
    """A text that is shown with a question, and where it stands."""

    place: str
    text: str


def ask_student(question: str, excerpt: Excerpt | None) -> list[Json]:
    """The messages that a row begins with, and that the evaluation asks: system and user."""
    system = read_prompt(row_prompt(closed_book=excerpt is None))
    user = question
    if excerpt is not None:
        user = f"Excerpt from {excerpt.place}:\n\n{excerpt.text}\n\nQuestion: {question}"
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def row_prompt(*, closed_book: bool) -> str:
    """The name of the prompt file that holds the system message of a row."""
    return "row_closed_book.md" if closed_book else "row_open_book.md"


def place_of(chunk: Chunk) -> str:
    """Where a chunk stands: its document and the sections around it."""
    return " > ".join((chunk.title, *chunk.headings))
