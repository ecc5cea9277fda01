"""States of docutils' parser, each made when it is entered.

Docutils parses a page, and every list, table cell and directive in it, with a machine of its own,
for which it makes all of its fifteen states; one to three of them are entered.
"""

from collections.abc import Iterable
from typing import Any

from docutils.parsers.rst.states import RSTState, RSTStateMachine


def make_states_late() -> None:
    """Have docutils make states when they are entered, for the rest of this process."""
    RSTStateMachine.add_states = _add_late  # type: ignore[assignment, method-assign]


def _add_late(machine: RSTStateMachine, classes: Iterable[type[Any]]) -> None:
    machine.states = _LateStates(machine, classes)


class _LateStates(dict[str, Any]):
    """The states of one machine by name; those that are there have been entered."""

    def __init__(self, machine: RSTStateMachine, classes: Iterable[type[Any]]) -> None:
        super().__init__()
        self._machine = machine
        self._classes = {each.__name__: each for each in classes}

    def __missing__(self, name: str) -> RSTState:
        state: RSTState = self._classes[name](self._machine, self._machine.debug)
        self[name] = state
        if getattr(self._machine, "memo", None) is not None:  # it runs, and has prepared the others
            state.runtime_init()
        return state
