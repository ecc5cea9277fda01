"""The shape of a training row: messages in chat format, open-book or closed-book."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from jobs.prompts import read_prompt
from jobs.text.user_message import UserMessage, read_user_message
from schemas.documents import Chunk
from schemas.requests import Json
from schemas.settings.dataset import DatasetSettings

ROW_PROMPTS = ("row_open_book.md", "row_closed_book.md", "row_open_book_refusing.md")


def chat_row(
    question: str, answer: str, excerpt: "Excerpt | None", settings: DatasetSettings
) -> dict[str, Json]:
    """One row of OpenAI's supervised fine-tuning format: system, user, assistant.

    Open-book rows show the student an excerpt, as a retrieval system would at the time of use.
    """
    messages = student_prompt(question, excerpt, settings).messages()
    return {"messages": [*messages, {"role": "assistant", "content": answer}]}


class ReadRow(NamedTuple):
    """The two texts of a row of the dataset."""

    question: str
    answer: str


def read_row(line: bytes) -> ReadRow:
    """Question and answer of a line that `chat_row` made; empty where it is another."""
    try:
        messages = orjson.loads(line)["messages"]
        texts = {each["role"]: str(each["content"]) for each in messages}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ReadRow("", "")
    return ReadRow(read_user_message(texts.get("user", "")).question, texts.get("assistant", ""))


class Excerpt(NamedTuple):
    """A text that is shown with a question, and where it stands."""

    place: str
    text: str


def excerpt_of(chunk: Chunk, text: str | None = None) -> Excerpt:
    """A chunk as it is shown, or the part of it that is `text`."""
    return Excerpt(place_of(chunk), chunk.text if text is None else text)


def join_excerpts(excerpts: Sequence[Excerpt]) -> Excerpt:
    """Several excerpts as one, in their order, as what is retrieved is shown."""
    places = dict.fromkeys(each.place for each in excerpts)
    return Excerpt("; ".join(places), "\n\n".join(each.text for each in excerpts))


class StudentPrompt(NamedTuple):
    """What a row begins with, and what the evaluation asks."""

    system: str
    user: str

    def messages(self) -> list[Json]:
        """The two messages."""
        return [
            {"role": "system", "content": self.system},
            {"role": "user", "content": self.user},
        ]


def student_prompt(
    question: str, excerpt: Excerpt | None, settings: DatasetSettings
) -> StudentPrompt:
    """The prompt of a question: open-book with an excerpt, closed-book without."""
    shown = f"Excerpt from {excerpt.place}:\n\n{excerpt.text}" if excerpt is not None else ""
    user = UserMessage(shown, question).text()
    return StudentPrompt(read_prompt(row_prompt(settings, closed_book=excerpt is None)), user)


def row_prompt(settings: DatasetSettings, *, closed_book: bool) -> str:
    """The name of the prompt file that holds the system message of a row."""
    open_book_name, closed_book_name, refusing_name = ROW_PROMPTS
    if closed_book:
        return closed_book_name
    return refusing_name if settings.instructs_refusal else open_book_name


def place_of(*chunks: Chunk) -> str:
    """Where chunks stand: their document and the sections around them."""
    return "; ".join(dict.fromkeys(" > ".join((each.title, *each.headings)) for each in chunks))
