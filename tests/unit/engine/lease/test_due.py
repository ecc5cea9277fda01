"""What is due to each of those who share a limit."""

import pytest

from engine.lease.due import Wants, find_level


def test_everybody_gets_what_he_wants_where_there_is_enough_and_the_rest_is_divided() -> None:
    level = find_level([0.2, 0.4])

    assert [level.part(0.2), level.part(0.4)] == pytest.approx([0.4, 0.6])


def test_who_wants_little_gets_it_and_the_others_share_what_is_left() -> None:
    level = find_level([1.0, 0.1, 0.6])

    assert [level.part(wanted) for wanted in (0.1, 1.0, 0.6)] == pytest.approx([0.1, 0.45, 0.45])


def test_each_change_of_few_counts_at_once() -> None:
    wants = Wants()
    dues = []

    for name in "abc":
        wants.note(name, 1.0)
        dues.append(wants.due(name))
    wants.note("a", 0.2)
    wants.forget("c")
    dues.append(wants.due("b"))

    assert dues == pytest.approx([1.0, 1 / 2, 1 / 3, 0.8])


def test_of_many_a_change_counts_once_a_64th_of_them_have_changed() -> None:
    wants = Wants()
    for number in range(640):
        wants.note(f"{number}", 1.0)
    assert wants.due("0") == pytest.approx(1 / 640)

    dues = []
    for number in range(1, 21):
        wants.note(f"{number}", 0.0)
        dues.append(wants.due("0"))

    assert dues[9] == dues[0]
    assert dues[10] == pytest.approx(1 / 629)
    assert len(set(dues)) == 2
