"""What is due to each, whatever is wanted."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.lease.due import find_level


@given(some.lists(some.floats(0.0, 1.0), min_size=1, max_size=20))
def test_parts_add_up_to_the_whole_whatever_is_wanted(wants: list[float]) -> None:
    level = find_level(wants)

    parts = [level.part(wanted) for wanted in wants]

    assert sum(parts) == pytest.approx(1.0)
    assert min(parts) >= 0.0
