from jobs.dataset.filters.filter_answers import find_answer_fault
from schemas.dataset import Fault
from schemas.settings import AnswerSettings
from tests.rows import each_row
from tests.unit.jobs.dataset.answer_table import BAD, GOOD

QUESTION = "In what way must maintainer scripts be written?"
LONG = (
    "A maintainer script must be idempotent: when it is run twice with the same arguments, the "
    "second run must leave the system as the first one did, also if the first one was cut off "
    "half way by a crash of the machine or by an administrator who lost patience with it."
)


@each_row("answer", GOOD)
def test_good_answer_is_kept(answer: str) -> None:
    fault = find_answer_fault(answer, QUESTION, answer, answer, AnswerSettings())

    assert fault is None


@each_row("answer, reason", BAD)
def test_bad_answer_is_dropped_for_its_reason(answer: str, reason: str) -> None:
    fault = find_answer_fault(answer, QUESTION, answer, answer, AnswerSettings())

    assert fault is not None
    assert fault.reason == reason


def test_answer_without_evidence_is_dropped() -> None:
    fault = find_answer_fault(GOOD[0], QUESTION, "", GOOD[0], AnswerSettings())

    assert fault == Fault("no_evidence")


def test_answer_that_speaks_of_something_else_than_its_evidence_is_dropped_with_its_score() -> None:
    settings = AnswerSettings(min_evidence_overlap=0.5)

    fault = find_answer_fault(
        "Green apples taste sour.", QUESTION, "Scripts must be idempotent.", GOOD[0], settings
    )

    assert fault == Fault("low_evidence_overlap", 0.0, 0.5)


def test_long_answer_copied_from_the_chunk_is_dropped_with_its_share() -> None:
    fault = find_answer_fault(LONG, QUESTION, LONG, f"Before. {LONG} After.", AnswerSettings())

    assert fault == Fault("copied", 1.0, AnswerSettings().max_copy_share)


def test_long_answer_in_other_words_is_kept() -> None:
    reworded = (
        LONG.replace("must", "has to").replace("the second", "its next").replace("or by", "or")
    )

    fault = find_answer_fault(reworded, QUESTION, LONG, LONG, AnswerSettings(max_copy_share=0.6))

    assert fault is None


def test_short_answer_may_be_the_very_sentence_that_says_it() -> None:
    sentence = "A maintainer script must be idempotent, whatever the state of the system."

    fault = find_answer_fault(sentence, QUESTION, sentence, f"{LONG} {sentence}", AnswerSettings())

    assert fault is None


def test_answer_that_only_repeats_the_question_is_dropped() -> None:
    fault = find_answer_fault(QUESTION, QUESTION, QUESTION, QUESTION, AnswerSettings())

    assert fault == Fault("repeats_question")


def test_answer_in_another_language_than_the_text_is_dropped() -> None:
    german = (
        "Die Skripte eines Pakets werden in einer festen Reihenfolge ausgeführt, damit auch nach "
        "einem Abbruch alles wieder so hergestellt werden kann, wie es vorher gewesen ist."
    )

    fault = find_answer_fault(german, QUESTION, german, LONG, AnswerSettings())

    assert fault == Fault("other_language")


SENTENCE = (
    "大浴場の湯は毎日午前二時に抜き、清掃のあと九十分かけてゆっくりと新しい湯を満たしていく。"
)
OWN_WORDS = (
    "毎晩二時になると大浴場から湯を抜いて掃除をする。掃除が済んだら、九十分ほどの時間をかけて新しい湯を"
    "入れる。急がないのは、熱い湯が木の枠を傷めないようにするためであり、係の者がそばで見ている。"
)


@each_row(
    "text, is_copied",
    [
        (SENTENCE, False),
        (f"{SENTENCE}{SENTENCE.replace('大浴場', '露天風呂')}", True),
        (OWN_WORDS, False),
    ],
)
def test_copies_are_measured_in_scripts_without_spaces_as_in_others(
    text: str, is_copied: bool
) -> None:
    source = f"{SENTENCE}{SENTENCE.replace('大浴場', '露天風呂')}湯の温度は四十二度に保つ。"

    fault = find_answer_fault(text, "湯はいつ抜きますか？", source, source, AnswerSettings())

    assert (fault is not None and fault.reason == "copied") is is_copied
