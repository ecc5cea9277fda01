"""Refusals: the judge decides, in any language; where nobody can tell, that is said."""

from engine.local.model import CHAT_MODEL
from jobs.comparison.models import compare_models
from jobs.comparison.refusals import find_refusals
from jobs.comparison.shown.table import describe_comparison
from jobs.evaluation.read_evaluation import Evaluation
from schemas.evaluation import ClaimFinding, ClaimVerdict
from tests.rows import each_row
from tests.unit.jobs.comparison.evaluations import answer, sample, score

GERMAN = "Der vorliegende Auszug enthält dazu leider keine Angaben, daher bleibt die Frage offen."


def evaluation_of(text: str, *, judged: float | None = None, says: bool = False) -> Evaluation:
    of = sample(1, slice_="unanswerable")
    given = answer(of, "tuned", text=text, is_refusal=says)
    scores = [] if judged is None else [score(given, "refusal", judged)]
    return Evaluation([of], [given], scores)


@each_row(
    "text, judged, says, is_refusal",
    [
        (GERMAN, 1.0, False, True),
        (GERMAN, None, False, None),
        (
            "The archive is open on Mondays and has three large areas for visitors.",
            None,
            False,
            False,
        ),
        ("I don't know.", None, True, True),
        ("I don't know why, but it has three areas.", 0.0, True, False),
    ],
)
def test_judge_decides_and_wording_only_where_it_was_not_asked(
    text: str, judged: float | None, says: bool, is_refusal: bool | None
) -> None:
    evaluation = evaluation_of(text, judged=judged, says=says)

    assert list(find_refusals(evaluation).values()) == [is_refusal]


@each_row(
    "verdicts, is_refusal",
    [(("evasive",) * 3, True), (("evasive", "asked", "evasive"), False), ((), None)],
)
def test_questions_that_the_judge_made_for_relevancy_tell_refusals_too(
    verdicts: tuple[ClaimVerdict, ...], is_refusal: bool | None
) -> None:
    of = sample(1)
    given = answer(of, "tuned", text=GERMAN)
    findings = tuple(ClaimFinding(claim="", verdict=verdict) for verdict in verdicts)
    relevancy = score(given, "answer_relevancy", 0.0).model_copy(update={"findings": findings})

    assert find_refusals(Evaluation([of], [given], [relevancy])) == {given.answer_id: is_refusal}


def test_the_embedded_judge_is_not_believed() -> None:
    of = sample(1)
    given = answer(of, "tuned", text="The archive has three large areas for its visitors.")
    findings = (ClaimFinding(claim="", verdict="evasive"),) * 3
    scores = [
        score(given, "answer_relevancy", 0.0, judge=CHAT_MODEL).model_copy(
            update={"findings": findings}
        ),
        score(given, "refusal", 1.0, judge=CHAT_MODEL),
    ]

    assert find_refusals(Evaluation([of], [given], scores)) == {given.answer_id: False}


def test_refusals_that_nobody_can_tell_are_counted_apart() -> None:
    comparison = compare_models(evaluation_of(GERMAN), is_demo_grade=False)

    assert "rightly refused: tuned open-book 0 of 1 (1 cannot be told)" in describe_comparison(
        comparison
    )
