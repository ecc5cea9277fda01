"""What an answer says letter by letter must stand in its source."""

from jobs.dataset.filters.filter_answers import find_grounded_answer_fault
from jobs.dataset.filters.filter_questions import find_grounded_question_fault
from jobs.dataset.filters.grounding import find_ungrounded
from jobs.dataset.filters.source_text import SourceText
from schemas.settings import AnswerSettings, QuestionSettings
from tests.rows import each_row
from tests.unit.jobs.dataset import answer_table, question_table
from tests.unit.jobs.dataset.teacher import make_chunk

ENGLISH = (
    "To drop a commit without warning, use the drop command in the todo list. The extended "
    "description should have at most 20 lines, about 80 characters each. Wait for 5 minutes and "
    'set it to "ignore" in the file of the Debian project.'
)


ELSEWHERE = "A package is kept in the archive."


def source_of(evidence: str, rest: str = "") -> SourceText:
    return SourceText(evidence, make_chunk(f"{evidence} {rest}"))


@each_row(
    "answer, reason, detail",
    [
        ("It should have at most 50 lines.", "number_not_in_evidence", "50"),
        ("It should have at most sixty lines.", "number_not_in_evidence", "sixty"),
        ("It should have at most nine lines.", "number_not_in_evidence", "nine"),
        ("One should wait for five hours.", "unit_not_in_evidence", "five hours"),
        ("Use the `pick` command in the todo list.", "code_not_in_evidence", "pick"),
        ("One should wait for 5 hours.", "unit_not_in_evidence", "5 hours"),
        ("That depends on section 3.7 of it.", "number_not_in_evidence", "3.7"),
        ('Set it to "error" instead.', "quote_not_in_text", "error"),
        ("That file is one of the Fedora project.", "name_not_in_text", "Fedora"),
        ("Give it the option --force-all.", "code_not_in_evidence", "--force-all"),
    ],
)
def test_what_is_made_up_is_named(answer: str, reason: str, detail: str) -> None:
    fault = find_ungrounded(answer, "", source_of(ENGLISH))

    assert fault is not None
    assert (fault.reason, fault.detail) == (reason, detail)


@each_row(
    "answer",
    [
        "At most twenty lines of about 80 characters, so that the Debian file stays short.",
        "There are two ways: wait for three hundred seconds, or drop it.",
        "1. Use `drop` in the todo list.\n2. Wait 5 minutes.",
        'Setting it to "ignore" after 5 min is enough.',
        "In the scripts of the Policy its value is `ignore`.",
    ],
)
def test_what_evidence_title_or_section_say_is_kept(answer: str) -> None:
    assert find_ungrounded(answer, "", source_of(ENGLISH)) is None


def test_what_the_question_says_may_be_repeated() -> None:
    question = "With 512 MB, what does `--tiny` do?"

    fault = find_ungrounded("With 512 MB, `--tiny` drops a commit.", question, source_of(ENGLISH))

    assert fault is None


@each_row(
    "answer, found",
    [
        ("Das hat Meister Reinhard Vogt getan.", "Reinhard"),
        ("Das hat Meister Albrecht Vogt getan.", ""),
        ("Das hat der Meister in der Werkstatt getan.", ""),
    ],
)
def test_other_half_of_a_name_is_told_where_all_nouns_have_large_letters(
    answer: str, found: str
) -> None:
    source = source_of(
        "Die Reihenfolge der Etagen hat Meister Albrecht Vogt im Jahr 1998 festgelegt, und so ist "
        "sie seitdem geblieben."
    )

    fault = find_ungrounded(answer, "", source)

    assert (fault.detail if fault else "") == found


@each_row("question", question_table.GOOD)
def test_good_question_is_kept(question: str) -> None:
    source = source_of(f"{question} A table has a page, a section and a document.")

    fault = find_grounded_question_fault(question, "factual", source, QuestionSettings())

    assert fault is None


@each_row("question, reason", [*question_table.BAD, *question_table.BAD_IN_OTHER_WAYS])
def test_bad_question_is_dropped_for_its_reason(question: str, reason: str) -> None:
    source = SourceText(ELSEWHERE, make_chunk(f"{ELSEWHERE} {question}"))
    settings = QuestionSettings(min_evidence_overlap=0.0)

    fault = find_grounded_question_fault(question, "factual", source, settings)

    assert fault is not None
    assert fault.reason == reason


@each_row("answer", [*answer_table.GOOD, "`ignore`", *answer_table.GOOD_GERMAN])
def test_good_answer_is_kept(answer: str) -> None:
    fault = find_grounded_answer_fault(answer, "?", source_of(answer), AnswerSettings())

    assert fault is None


@each_row("answer, reason", [*answer_table.BAD, *answer_table.BAD_IN_OTHER_WAYS])
def test_bad_answer_is_dropped_for_its_reason(answer: str, reason: str) -> None:
    source = SourceText(ELSEWHERE, make_chunk(f"{ELSEWHERE} {answer}"))
    settings = AnswerSettings(min_evidence_overlap=0.0)

    fault = find_grounded_answer_fault(answer, "?", source, settings)

    assert fault is not None
    assert fault.reason == reason


@each_row(
    "answer, is_dropped",
    [
        ("40 cm", False),
        ("`ignore`", False),
        ("The extended description has at most 20 lines.", True),
    ],
)
def test_amounts_and_code_alone_may_be_shorter_than_answers(answer: str, is_dropped: bool) -> None:
    settings = AnswerSettings(min_chars=200)

    fault = find_grounded_answer_fault(answer, "?", source_of(answer), settings)

    assert (fault is not None and fault.reason == "too_short") is is_dropped


def test_evidence_in_another_language_than_the_start_of_its_chunk_may_be_answered_in_it() -> None:
    german = (
        "Die Pakete dieses Abschnitts werden vom Betreuer selbst gebaut und erst nach einer "
        "Prüfung durch zwei weitere Entwickler in das Archiv geladen."
    )
    source = SourceText(german, make_chunk(f"{ENGLISH} {ENGLISH} {german}"))
    answer = (
        "Nach der Prüfung durch zwei weitere Entwickler werden die Pakete in das Archiv geladen."
    )
    question = "Wann werden die Pakete eines Betreuers in das Archiv geladen?"

    assert source.language == "en"
    assert find_grounded_answer_fault(answer, question, source, AnswerSettings()) is None
    fault = find_grounded_question_fault(question, "factual", source, QuestionSettings())
    assert fault is None


@each_row(
    "answer, is_preface",
    [
        ("Of course, use the drop command in the todo list to drop a commit.", False),
        ("Of course! Use the drop command in the todo list.", True),
        ("Sure, use the drop command in the todo list.", True),
    ],
)
def test_word_that_opens_a_sentence_is_no_preface(answer: str, is_preface: bool) -> None:
    fault = find_grounded_answer_fault(
        answer, "How is a commit dropped?", source_of(ENGLISH), AnswerSettings()
    )

    assert (fault is not None and fault.reason == "preface") is is_preface


def test_question_in_another_language_than_its_chunk_is_dropped() -> None:
    question = "Was sollte in der erweiterten Beschreibung einer Vorlage stehen?"

    fault = find_grounded_question_fault(
        question, "factual", source_of(ENGLISH), QuestionSettings(min_evidence_overlap=0.0)
    )

    assert fault is not None
    assert fault.reason == "other_language"


def test_question_about_an_option_that_the_chunk_has_not_is_dropped() -> None:
    question = "What does --autosquash do with a commit of the todo list?"

    fault = find_grounded_question_fault(
        question, "factual", source_of(ENGLISH), QuestionSettings()
    )
    invented = find_grounded_question_fault(
        question, "application", source_of(ENGLISH), QuestionSettings()
    )

    assert fault is not None
    assert (fault.reason, fault.detail) == ("code_not_in_text", "--autosquash")
    assert invented is None


HOURS = "It is shut at 22 hours in summer, at 20 hours in winter; it holds 43 cars and 28 vans."


@each_row(
    "answer",
    ["In summer it is shut two hours later.", "At 22 hours, 2 hours later than in winter."],
)
def test_difference_of_two_quantities_of_the_evidence_is_known(answer: str) -> None:
    assert find_ungrounded(answer, "When is it shut?", source_of(HOURS)) is None


@each_row(
    "answer, detail",
    [
        ("In summer it is shut 3 hours later.", "3 hours"),
        ("It is open for 42 hours in all.", "42 hours"),
        ("It holds 15 cars.", "15"),
        ("It holds 71 cars.", "71"),
    ],
)
def test_sums_and_differences_of_other_kinds_are_not(answer: str, detail: str) -> None:
    fault = find_ungrounded(answer, "What is known of it?", source_of(HOURS))

    assert fault is not None
    assert fault.detail == detail
