"""The shape of a training row: messages in chat format, open-book or closed-book."""

from jobs.prompts import read_prompt
from schemas.documents import Chunk
from schemas.requests import Json


def chat_row(question: str, answer: str, chunk: Chunk, *, closed_book: bool) -> dict[str, Json]:
    """One row of OpenAI's supervised fine-tuning format: system, user, assistant.

    Open-book rows show the student the chunk, as a retrieval system would at the time of use.
    """
    system = read_prompt("row_closed_book.md" if closed_book else "row_open_book.md")
    user = question if closed_book else ask_with_context(question, chunk)
    return {
        "messages": [
            {"role": "system", "content": system},
            {"role": "user", "content": user},
            {"role": "assistant", "content": answer},
        ]
    }


def ask_with_context(question: str, chunk: Chunk) -> str:
    """The user message of an open-book row: where the excerpt stands, the excerpt, the question."""
    place = " > ".join((chunk.title, *chunk.headings))
    return f"Excerpt from {place}:\n\n{chunk.text}\n\nQuestion: {question}"
