import pytest
from docutils.parsers.rst.states import NestedStateMachine, state_classes
from docutils.statemachine import UnknownStateError

from jobs.documents.readers.markup.rst.states import make_states_late


def test_a_state_is_made_when_it_is_entered_and_stays() -> None:
    make_states_late()
    machine = NestedStateMachine(state_classes, "Body")
    assert not machine.states

    body, text = machine.get_state(), machine.get_state("Text")

    assert list(machine.states) == ["Body", "Text"]
    assert machine.get_state("Body") is body
    assert machine.get_state("Text") is text


def test_a_state_that_docutils_has_not_is_unknown() -> None:
    make_states_late()
    machine = NestedStateMachine(state_classes, "Body")

    with pytest.raises(UnknownStateError):
        machine.get_state("Other")
