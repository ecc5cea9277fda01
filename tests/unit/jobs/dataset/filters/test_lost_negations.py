from jobs.dataset.filters.lost_negations import find_lost_negation
from tests.rows import each_row
from tests.unit.jobs.dataset.filters.test_grounding import source_of

FERRY = "Dogs travel free. Above 9 Beaufort the ferry does not sail, and tickets are refunded."
POOL = "The pool opens at 6. Do not dive in the shallow end. Magazines are not lent."


@each_row(
    "evidence, question, answer",
    [
        (FERRY, "What happens in a storm?", "The ferry sails above 9 Beaufort."),
        (POOL, "What can readers borrow?", "Magazines are lent there."),
        (
            "Le meunier n'utilise pas de levure.",
            "Que fait-il ?",
            "Le meunier utilise de la levure.",
        ),
        ("Las revistas no se prestan.", "¿Qué se presta?", "Las revistas se prestan 21 días."),
        ("開花中は肥料を与えない。", "開花中の肥料はどうしますか？", "開花中は肥料を与えます。"),
        ("深水区不允许跳水。", "深水区有什么规定？", "深水区允许跳水。"),
        ("Die Kabine fährt bei Sturm nicht.", "Was gilt bei Sturm?", "Die Kabine fährt bei Sturm."),
    ],
)
def test_what_evidence_denies_is_not_said_as_true(
    evidence: str, question: str, answer: str
) -> None:
    fault = find_lost_negation(answer, question, source_of(evidence))

    assert fault is not None
    assert fault.reason == "lost_negation"


@each_row(
    "evidence, question, answer",
    [
        (FERRY, "What happens in a storm?", "The ferry stays in port above 9 Beaufort."),
        (FERRY, "Up to which wind does the ferry sail?", "The ferry sails only up to 9 Beaufort."),
        (FERRY, "When does the ferry not sail?", "The ferry sails up to 9 Beaufort."),
        (
            "Do not open the valve before noon.",
            "When is the valve opened?",
            "It is opened at noon.",
        ),
        (
            "Negatives may not be copied without consent of the owner.",
            "On what condition may negatives be copied?",
            "Negatives may be copied with the consent of the owner.",
        ),
        (
            "They are not stored in boxes. In summer they are stored in boxes of steel.",
            "Where are photographs stored in summer?",
            "Photographs are stored in boxes of steel.",
        ),
        (
            "Le moulin ne vend que de la farine de seigle.",
            "Que vend le moulin ?",
            "Le moulin vend de la farine de seigle.",
        ),
        ("The lock does not leak.", "Why is the lock dry?", "A lock is dry where it was sealed."),
    ],
)
def test_right_answer_in_other_words_is_kept(evidence: str, question: str, answer: str) -> None:
    assert find_lost_negation(answer, question, source_of(evidence)) is None
