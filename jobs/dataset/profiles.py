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
    """The two pieces of work that ask the teacher, and the prompt files of each."""

    write_questions: Callable[[Chunk, Ask, RunSettings], Awaitable[list[Question | Rejection]]]
    write_answer: Callable[[Question, Chunk, Ask, RunSettings], Awaitable[Answer | Rejection]]
    question_prompts: tuple[str, ...]
    answer_prompts: tuple[str, ...]


PROFILES: dict[PromptProfile, Profile] = {
    "standard": Profile(
        write_questions,
        write_answer,
        question_prompts=(
            "write_questions.md",
            "write_questions_user.md",
            "write_questions_chosen_user.md",
        ),
        answer_prompts=(
            "write_answer.md",
            "write_answer_user.md",
            "write_answers.md",
            "write_answers_user.md",
        ),
    ),
    "small": Profile(
        write_small_questions,
        write_small_answer,
        question_prompts=("small_questions.toml",),
        answer_prompts=("small_answers.toml",),
    ),
}


def unused_question_prompts(settings: RunSettings) -> frozenset[str]:
    """Of a profile's prompts for questions those that these settings do not use."""
    is_chosen = settings.questions.kinds == "chosen"
    return frozenset(
        ("write_questions_user.md" if is_chosen else "write_questions_chosen_user.md",)
    )
