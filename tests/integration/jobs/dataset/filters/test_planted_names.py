"""A thousand answers with a planted number or name, and as many without."""

from collections import Counter

from jobs.dataset.filters.grounding import find_ungrounded
from tests.unit.jobs.dataset.filters.test_grounding import source_of
from tests.unit.jobs.dataset.planted import plant


def test_no_planted_number_or_name_is_accepted_and_no_true_one_refused() -> None:
    found = Counter(
        (planted.is_true, find_ungrounded(planted.answer, "", source_of(planted.evidence)) is None)
        for planted in plant(1_000)
    )

    assert found == {(True, True): 1_000, (False, False): 1_000}
