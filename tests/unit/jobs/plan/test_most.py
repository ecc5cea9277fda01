"""What stages may ask at most, before they have asked anything."""

from jobs.plan.most import MOST
from jobs.plan.replay import ASKING


def test_every_stage_that_asks_is_part_of_the_plan() -> None:
    assert list(MOST) == [stage.name for stage in ASKING], "jobs/plan/most.py: MOST"
