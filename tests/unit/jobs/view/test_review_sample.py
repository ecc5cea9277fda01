"""What decisions of people say of a dataset."""

import pytest

from jobs.view.review_sample import cohen_kappa, draw_numbers, error_rate, reviewer_agreement
from schemas.reviews import Decision, Review


def review(number: int, decision: Decision, *, reviewer: str = "anna", at: str = "1") -> Review:
    return Review(
        review_id=f"{reviewer}{number}{at}",
        row_hash=str(number),
        answer_id=str(number),
        document_id=str(number // 2),
        reviewer=reviewer,
        decision=decision,
        at=at,
    )


def test_draw_is_the_same_for_a_seed_and_holds_no_row_twice() -> None:
    drawn = draw_numbers(1_000_000, 200, 7)

    assert drawn == draw_numbers(1_000_000, 200, 7) != draw_numbers(1_000_000, 200, 8)
    assert len(set(drawn)) == 200
    assert sorted(draw_numbers(3, 200, 0)) == [0, 1, 2]


def test_error_rate_is_of_dropped_and_edited_rows_with_an_interval() -> None:
    decisions = [review(n, "drop" if n < 3 else "edit" if n < 5 else "keep") for n in range(50)]

    rate = error_rate(decisions)

    assert (rate.n, rate.document_count, rate.value) == (50, 25, 0.1)
    assert rate.low is not None
    assert rate.high is not None
    assert 0.02 < rate.low < 0.1 < rate.high < 0.3


def test_nothing_reviewed_has_no_rate() -> None:
    assert error_rate([]).value is None


def test_kappa_is_that_of_the_textbook() -> None:
    # Cohen 1960's form with 20/5/10/15 of 50: 0.70 observed, 0.50 by chance.
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10
    pairs += [(False, False)] * 15

    assert cohen_kappa(pairs) == pytest.approx(0.4)
    assert cohen_kappa([(False, False)] * 5) is None


def test_agreement_is_over_rows_that_both_decided() -> None:
    reviews = [review(n, "keep") for n in range(6)] + [review(6, "drop")]
    reviews += [review(n, "keep", reviewer="ben") for n in range(4)]
    reviews += [review(6, "edit", reviewer="ben")]

    found = reviewer_agreement(reviews)

    assert found == {"reviewers": ["anna", "ben"], "rows": 5, "kappa": pytest.approx(1.0)}
    assert reviewer_agreement(reviews[:7]) is None
