"""Fair parts of whatever is wanted."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.lease.leases import fair_parts


@given(some.dictionaries(some.text(max_size=3), some.floats(0.0, 1.0), min_size=1, max_size=20))
def test_parts_add_up_to_the_whole_whatever_is_wanted(wants: dict[str, float]) -> None:
    parts = fair_parts(wants)

    assert parts.keys() == wants.keys()
    assert sum(parts.values()) == pytest.approx(1.0)
    assert min(parts.values()) >= 0.0
