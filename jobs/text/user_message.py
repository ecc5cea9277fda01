"""The user message of a row: a question, in an open-book row behind the excerpt that is shown."""

from typing import NamedTuple

_BEFORE_QUESTION = "\n\nQuestion: "


class UserMessage(NamedTuple):
    """What is shown and what is asked; `shown` is empty in closed-book rows."""

    shown: str
    question: str

    def text(self) -> str:
        """The message as it stands in a row."""
        return f"{self.shown}{_BEFORE_QUESTION}{self.question}" if self.shown else self.question


def read_user_message(text: str) -> UserMessage:
    """The parts of a message that was made so; any other is a question alone."""
    shown, _, question = text.rpartition(_BEFORE_QUESTION)
    return UserMessage(shown, question)
