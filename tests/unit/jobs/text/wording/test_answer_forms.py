from jobs.text.wording.answer_forms import (
    denies_to_answer,
    only_says_question,
    opens_with_courtesy,
    repeats_itself,
)
from tests.rows import each_row

EVIDENCE = "If the log partition is full, the proxy goes on serving but writes no access log."


@each_row(
    "text, expected",
    [
        ("Happy to help! The proxy goes on serving.", True),
        ("Sehr gerne! Der Proxy läuft weiter.", True),
        ("好的！代理继续运行。", True),
        ("No! The proxy goes on serving.", False),
        ("The proxy goes on serving! It writes no log.", False),
        ("The proxy goes on serving.", False),
    ],
)
def test_exclamation_without_a_word_of_the_source_is_a_courtesy(text: str, expected: bool) -> None:
    assert opens_with_courtesy(text, EVIDENCE) is expected


@each_row(
    "text, expected",
    [
        ("The proxy goes on. The proxy goes on.", True),
        ("The proxy goes on. It writes no log. The proxy goes on.", False),
        ("```\nproxy --stop\nproxy --stop\nproxy --stop\n```", False),
        ("The proxy goes on serving.", False),
    ],
)
def test_said_again_is_repeated(text: str, expected: bool) -> None:
    assert repeats_itself(text) is expected


@each_row(
    "question, text, expected",
    [
        ("What limits the log?", "The log is limited by what limits the log.", True),
        ("Which of rye and wheat bakes longer?", "Rye bakes longer.", False),
        ("How large is the log?", "The log is 5 MB large.", False),
        ("What does the proxy do?", "The proxy goes on serving.", False),
    ],
)
def test_question_in_other_order_is_no_answer(question: str, text: str, expected: bool) -> None:
    assert only_says_question(text, question) is expected


@each_row(
    "text, expected",
    [
        ("The port of the proxy is not stated anywhere.", True),
        ("Zum Port finden sich keine Angaben.", True),
        ("关于端口没有说明。", True),
        ("It writes no access log.", False),
        ("Nothing is lost: the proxy goes on serving.", False),
        ("The port of the proxy is stated elsewhere.", False),
    ],
)
def test_denial_without_a_word_of_the_evidence_is_no_answer(text: str, expected: bool) -> None:
    assert denies_to_answer(text, "Which port does the proxy use?", EVIDENCE) is expected
