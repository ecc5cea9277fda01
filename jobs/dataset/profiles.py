"""The prompt profiles: how questions and answers are written for which size of model."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from engine.ask import Ask
from jobs.dataset.small.model import write_small_answer, write_small_questions
from jobs.dataset.write_answers import write_answer
from jobs.dataset.write_questions import write_questions
from schemas.dataset import Answer, Question, Rejection
from schemas.documents import Chunk
from schemas.settings import PromptProfile, RunSettings


class Profile(NamedTuple):
    """The two pieces of work that ask the teacher."""

    write_questions: Callable[[Chunk, Ask, RunSettings], Awaitable[list[Question | Rejection]]]
    write_answer: Callable[[Question, Chunk, Ask, RunSettings], Awaitable[Answer | Rejection]]


PROFILES: dict[PromptProfile, Profile] = {
    "standard": Profile(write_questions, write_answer),
    "small": Profile(write_small_questions, write_small_answer),
}
