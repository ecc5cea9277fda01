"""What the filters do in languages that write numbers, names and questions in their own ways."""

from jobs.dataset.filters.filter_answers import find_grounded_answer_fault
from jobs.dataset.filters.filter_questions import find_grounded_question_fault
from schemas.dataset import Fault
from schemas.settings import AnswerSettings, QuestionSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.filters.test_grounding import source_of

KILN = "窯の温度は24度に保ち、記録は`kiln.log`に保存する。"
HUT = "Dal parcheggio si sale in due ore e un quarto, con un dislivello di 740 metri."


def asked(question: str, evidence: str) -> Fault | None:
    return find_grounded_question_fault(
        question, "factual", source_of(evidence), QuestionSettings()
    )


def answered(answer: str, question: str, evidence: str) -> str:
    fault = find_grounded_answer_fault(answer, question, source_of(evidence), AnswerSettings())
    return fault.reason if fault else ""


def test_number_of_the_evidence_in_words_counts_as_its_own() -> None:
    evidence = "仓库的湿度不得超过百分之六十。"

    assert answered("最高为60%。", "仓库的湿度可以达到多少？", evidence) == ""
    assert answered("最高为80%。", "仓库的湿度可以达到多少？", evidence) == "number_not_in_evidence"


def test_japanese_question_ends_with_a_particle_and_needs_no_mark() -> None:
    what = "窯の温度は何度に保ちますか。"
    whether = "窯の温度は保ちますか。"
    told = "窯の温度は24度に保ちます。"

    assert asked(what, KILN) is None
    assert asked(whether, KILN) == Fault("yes_or_no")
    assert asked(told, KILN) == Fault("no_question_mark")


@each_row(
    "answer, reason",
    [
        ("`kiln.log`に保存して残します。", ""),
        ("窯の温度は24 °Cです。", ""),
        (
            "`kil.log`に保存して残します。",
            "code_not_in_evidence",
        ),
        ("窯の温度は24分です。", "unit_not_in_evidence"),
    ],
)
def test_names_in_code_and_degrees_stand_beside_characters(answer: str, reason: str) -> None:
    question = "窯の記録と温度は？"

    assert answered(answer, question, KILN) == reason


@each_row(
    "answer, reason",
    [
        ("Ci vogliono 2 ore e 15 minuti dal parcheggio.", ""),
        ("Si sale di 740 metri dal parcheggio.", ""),
        ("Si sale di 0,74 km dal parcheggio.", ""),
        ("Ci vogliono 3 ore dal parcheggio.", "number_not_in_evidence"),
        ("Si sale di 740 chilometri dal parcheggio.", "unit_not_in_evidence"),
        ("Come detto sopra, si sale in due ore e un quarto.", "leans_on_context"),
        ("Secondo il testo si sale in due ore e un quarto.", "leans_on_context"),
        ("Il documento non specifica il dislivello del rifugio.", "not_answered"),
    ],
)
def test_italian_is_read_as_other_languages_are(answer: str, reason: str) -> None:
    assert answered(answer, "Quanto si sale dal parcheggio?", HUT) == reason


@each_row(
    "question, reason",
    [
        ("Quanto dislivello si sale dal parcheggio del rifugio?", ""),
        ("Qual è il tema di questo capitolo sul parcheggio?", "about_the_book"),
        ("Secondo il testo, quanto si sale dal parcheggio?", "leans_on_context"),
        ("Quanto si sale dal parcheggio, e quando conviene salire?", "not_one_question"),
    ],
)
def test_italian_questions_stand_alone(question: str, reason: str) -> None:
    fault = asked(question, HUT)

    assert (fault.reason if fault else "") == reason
