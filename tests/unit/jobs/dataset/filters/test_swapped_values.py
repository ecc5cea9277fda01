"""A value that its evidence says of something else is told by the words beside it."""

from jobs.dataset.filters.filter_answers import find_grounded_answer_fault
from jobs.dataset.filters.source_text import SourceText
from jobs.dataset.filters.swapped_values import find_swapped
from schemas.settings import AnswerSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.teacher import make_chunk

BREAD = "Rye bread bakes 55 minutes, wheat bread 35 minutes."
RETRIES = "Use `retry --slow` on weak lines, and `retry --never` where calls are metered."
BROT = "Die Nachtschicht dauert sechs Stunden, die Tagschicht acht Stunden."
CODES = "The exit code is 4 if a file is damaged and 7 if a disk is full."
TIMES = "The backup takes 55 minutes. The restore of the archive takes 35 minutes."
PRICES = "Standard tickets cost 20 euros. Reduced tickets for students cost 12 euros."
LIMITS = "The default timeout is 30 seconds. The maximum allowed timeout is 300 seconds."
SHARED = "The nightly backup takes 55 minutes, the restore 35 minutes."
REPORTS = "The paper report is due after 30 days; the online report is due after 5 days."


def source_of(evidence: str) -> SourceText:
    return SourceText(evidence, make_chunk(evidence))


@each_row(
    "evidence, question, answer, detail",
    [
        (
            BREAD,
            "How long does wheat bread bake?",
            "Wheat bread bakes 55 minutes.",
            "55 minutes for 35 minutes",
        ),
        (BREAD, "How long do both bake?", "Wheat: 55 minutes, rye bread bakes 35 minutes.", "55"),
        (RETRIES, "What is of use on weak lines?", "`retry --never`.", "--never for --slow"),
        (RETRIES, "Where is `retry --slow` used?", "Where calls are metered.", "--slow"),
        (
            BROT,
            "Wie lange dauert die Tagschicht?",
            "Sie dauert sechs Stunden.",
            "sechs Stunden for acht",
        ),
        (CODES, "What is the exit code of a full disk?", "The exit code is 4.", "4 for 7"),
        (REPORTS, "When is the online report due?", "It is due after 30 days.", "30 days for 5"),
    ],
)
def test_value_of_something_else_is_named(
    evidence: str, question: str, answer: str, detail: str
) -> None:
    fault = find_swapped(answer, question, source_of(evidence))

    assert fault is not None
    assert fault.reason == "value_of_another"
    assert detail in fault.detail


@each_row(
    "evidence, question, answer",
    [
        (BREAD, "How long does wheat bread bake?", "Wheat bread bakes 35 minutes."),
        (BREAD, "How long does the darker one bake?", "It bakes 55 minutes."),
        (BREAD, "How long do both bake?", "Wheat takes 35 minutes and rye bread bakes 55 minutes."),
        (BREAD, "How much longer does rye bread bake?", "55 minutes instead of 35 minutes."),
        (REPORTS, "When is a report due?", "After 30 days, where it is not an online report."),
        (RETRIES, "What does `retry --slow` serve?", "Weak lines."),
        (
            "Oak and elm dry for 9 months and 7 months, respectively.",
            "How long does elm dry?",
            "Elm dries for 7 months.",
        ),
        ("Wait 30 seconds, then try 3 times.", "How often is it tried?", "It is tried 3 times."),
        ("Open it with `o()`, close it with `c()`.", "What is called last?", "`c()` is."),
    ],
)
def test_right_value_in_any_words_stays(evidence: str, question: str, answer: str) -> None:
    assert find_swapped(answer, question, source_of(evidence)) is None


@each_row(
    "evidence, question, answer",
    [
        (TIMES, "How long is the restore compared with the backup?", "The restore: 35 minutes."),
        (TIMES, "After the backup, how long does the restore take?", "35 minutes."),
        (TIMES, "What follows the backup?", "After the backup, the restore takes 35 minutes."),
        (TIMES, "I need a backup and a restore. How long is the latter?", "35 minutes."),
        (PRICES, "What does a student pay instead of the standard price?", "12 euros."),
        (
            LIMITS,
            "If I do not want the default, how high may it be?",
            "At the maximum 300 seconds.",
        ),
        (SHARED, "Before a restore, how long must I wait for the backup?", "55 minutes."),
        (SHARED, "I want a restore and a backup. How long is it?", "The backup takes 55 minutes."),
    ],
)
def test_question_may_name_the_other_thing_beside(
    evidence: str, question: str, answer: str
) -> None:
    assert find_swapped(answer, question, source_of(evidence)) is None


def test_swapped_value_is_a_fault_of_an_answer() -> None:
    question, answer = "How long does wheat bread bake?", "Wheat bread bakes 55 minutes."

    fault = find_grounded_answer_fault(answer, question, source_of(BREAD), AnswerSettings())

    assert fault is not None
    assert fault.reason == "value_of_another"


CREW = "Captain Ines Moreau has commanded the ferry since 2014; her deputy is Tom Halloran."


@each_row(
    "question, answer, is_swapped",
    [
        ("Who commands it?", "Captain Tom Halloran has commanded the ferry since 2014.", True),
        ("Who commands it?", "Captain Ines Moreau has commanded the ferry since 2014.", False),
        ("Who is the deputy?", "Tom Halloran is the deputy of Captain Ines Moreau.", False),
        ("Who is the deputy of the captain?", "Her deputy is Tom Halloran.", False),
    ],
)
def test_name_of_somebody_else_is_a_value_of_another(
    question: str, answer: str, *, is_swapped: bool
) -> None:
    fault = find_swapped(answer, question, source_of(CREW))

    assert (fault is not None) is is_swapped
    assert fault is None or fault.detail == "Tom Halloran for Ines Moreau"
