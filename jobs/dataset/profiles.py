"""The prompt profiles: how questions and answers are written for which size of model."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from engine.ask import Ask
from jobs.dataset.questions.write_questions import write_questions
from jobs.dataset.small.model import write_small_answer, write_small_questions
from jobs.dataset.write_answers import write_answer
from jobs.documents.passages import Passages
from schemas.dataset import Answer, Question, Rejection
from schemas.documents import Chunk
from schemas.settings import PromptProfile, RunSettings


class Profile(NamedTuple):
    """The two pieces of work that ask the teacher, and the prompt files of each."""

    write_questions: Callable[[Chunk, Ask, RunSettings], Awaitable[list[Question | Rejection]]]
    write_answer: Callable[[Question, Passages, Ask, RunSettings], Awaitable[Answer | Rejection]]
    question_prompts: tuple[str, ...]
    answer_prompts: tuple[str, ...]


_QUESTION_USER_PROMPTS = (
    "write_questions_user.md",
    "write_questions_chosen_user.md",
    "write_questions_further_user.md",
    "write_questions_pair_user.md",
    "write_questions_persona_user.md",
)
_ANSWER_USER_PROMPTS = ("write_answer_user.md", "write_answers_user.md")

PROFILES: dict[PromptProfile, Profile] = {
    "standard": Profile(
        write_questions,
        write_answer,
        question_prompts=("write_questions.md", *_QUESTION_USER_PROMPTS),
        answer_prompts=("write_answer.md", "write_answers.md", *_ANSWER_USER_PROMPTS),
    ),
    "concise": Profile(
        write_questions,
        write_answer,
        question_prompts=("write_questions_concise.md", *_QUESTION_USER_PROMPTS),
        answer_prompts=(
            "write_answer_concise.md",
            "write_answers_concise.md",
            *_ANSWER_USER_PROMPTS,
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
    """Of the prompts for questions those that came later than others and are not in use.

    Ids that are made of the others stay as they were before.
    """
    questions = settings.questions
    is_chosen = questions.kinds == "chosen"
    unused = {"write_questions_user.md" if is_chosen else "write_questions_chosen_user.md"}
    if settings.teacher.prompt_profile != "concise":
        unused.add("write_questions_concise.md")
    if not questions.top_up_below:
        unused.add("write_questions_further_user.md")
    if not questions.pair_fraction:
        unused.add("write_questions_pair_user.md")
    if not questions.personas:
        unused.add("write_questions_persona_user.md")
    return frozenset(unused)
