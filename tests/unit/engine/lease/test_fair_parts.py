import pytest

from engine.lease.leases import fair_parts


def test_everybody_gets_what_he_wants_where_there_is_enough_and_the_rest_is_divided() -> None:
    parts = fair_parts({"a": 0.2, "b": 0.4})

    assert parts == pytest.approx({"a": 0.4, "b": 0.6})


def test_who_wants_little_gets_it_and_the_others_share_what_is_left() -> None:
    parts = fair_parts({"a": 0.1, "b": 1.0, "c": 0.6})

    assert parts == pytest.approx({"a": 0.1, "b": 0.45, "c": 0.45})
