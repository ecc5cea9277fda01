"""States of docutils' parser, each made when it is entered.

Docutils parses every list, table cell and directive with a machine of its own, for which it makes
all of its fifteen states; one to three of them are entered.
"""

from collections.abc import Iterable
from typing import Any

from docutils.parsers.rst.states import NestedStateMachine, RSTState


def make_states_late() -> None:
    """Have docutils make states when they are entered, for the rest of this process."""
    RSTState.nested_sm = _LateMachine


class _LateStates(dict[str, Any]):
    """The states of one machine by name; those that are there have been entered."""

    def __init__(self, machine: "_LateMachine", classes: Iterable[type[Any]]) -> None:
        super().__init__()
        self._machine = machine
        self._classes = {each.__name__: each for each in classes}

    def __missing__(self, name: str) -> RSTState:
        state: RSTState = self._classes[name](self._machine, self._machine.debug)
        self[name] = state
        if self._machine.is_begun:
            state.runtime_init()
        return state


class _LateMachine(NestedStateMachine):
    is_begun = False

    def add_states(self, state_classes: Iterable[type[Any]]) -> None:
        self.states = _LateStates(self, state_classes)

    def runtime_init(self) -> None:
        self.is_begun = True
        super().runtime_init()
