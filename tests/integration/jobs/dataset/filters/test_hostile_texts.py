"""Texts that were made to stop a run: long rows of one thing, in sources, questions and answers."""

from jobs.dataset.filters.filter_answers import find_grounded_answer_fault
from jobs.dataset.filters.filter_questions import find_grounded_question_fault
from jobs.text.languages import differs_in_language
from schemas.settings import AnswerSettings, QuestionSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.filters.test_grounding import source_of

FILLERS = (
    "\u4e94",
    "\u4e94\u5341",
    "1.",
    "1,",
    "1 ",
    "a.",
    "a/",
    "\n",
    "hundred ",
    "`a` ",
    '"a" ',
    "\u00ab ",
    "- a\n",
    "The ",
)
LONG = 15_000


def row_of(filler: str) -> str:
    return filler * (LONG // len(filler))


@each_row("filler", FILLERS)
def test_right_answer_stays_whatever_else_its_source_holds(filler: str) -> None:
    source = source_of(f"The kiln opens at 9:00. {row_of(filler)} A hundred{' ' * LONG}")
    question = "When does the kiln open?"

    assert find_grounded_question_fault(question, "factual", source, QuestionSettings()) is None
    answered = find_grounded_answer_fault("It opens at 9:00.", question, source, AnswerSettings())
    assert answered is None


@each_row("filler", [*FILLERS, "a", "rights ", "quand ", "?"])
def test_long_texts_are_done_with_in_time(filler: str) -> None:
    text, source = row_of(filler), source_of("The kiln opens at 9:00.")
    answers, questions = AnswerSettings(max_chars=LONG + 9), QuestionSettings(max_chars=LONG + 9)

    asked = find_grounded_question_fault(f"{text}?", "factual", source, questions)
    answered = find_grounded_answer_fault(f"{text} {text}x", "Why?", source, answers)

    assert asked is not None
    assert answered is not None
    assert not differs_in_language(text, None)
