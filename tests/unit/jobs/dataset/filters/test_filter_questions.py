from jobs.dataset.filters.filter_questions import find_question_fault
from schemas.dataset import Fault
from schemas.settings import QuestionSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.question_table import BAD, GOOD


@each_row("question", GOOD)
def test_good_question_is_kept(question: str) -> None:
    fault = find_question_fault(question, question, QuestionSettings())

    assert fault is None


@each_row("question, reason", BAD)
def test_bad_question_is_dropped_for_its_reason(question: str, reason: str) -> None:
    fault = find_question_fault(question, question, QuestionSettings())

    assert fault is not None
    assert fault.reason == reason


def test_question_about_something_else_than_its_evidence_is_dropped_with_its_score() -> None:
    settings = QuestionSettings(min_evidence_overlap=0.2)

    fault = find_question_fault(
        "Which colours does the terminal show?", "Packages are kept in archives.", settings
    )

    assert fault == Fault("low_evidence_overlap", 0.0, 0.2)


def test_inflected_words_count_as_shared_with_the_evidence() -> None:
    settings = QuestionSettings(min_evidence_overlap=0.9)

    fault = find_question_fault(
        "How are installed packages configured?",
        "Configuring an installation, a package.",
        settings,
    )

    assert fault is None


@each_row(
    "question, evidence",
    [
        (
            "設定はどこのディレクトリに保存されますか？",
            "パッケージの設定はディレクトリに保存されます。",
        ),
        ("أين تحفظ إعدادات الحزمة بعد التثبيت؟", "تحفظ إعدادات الحزمة في مجلد بعد التثبيت."),
        ("Wo werden Einstellungen gespeichert?", "Die Einstellungen werden im Ordner gespeichert."),
    ],
)
def test_question_in_another_language_is_judged_by_its_own_marks_and_words(
    question: str, evidence: str
) -> None:
    fault = find_question_fault(question, evidence, QuestionSettings())

    assert fault is None


@each_row("length", [15, 300])
def test_limits_of_length_are_inclusive(length: int) -> None:
    question = "Why " + "a" * (length - 5) + "?"

    fault = find_question_fault(question, question, QuestionSettings(min_chars=15, max_chars=300))

    assert fault is None
