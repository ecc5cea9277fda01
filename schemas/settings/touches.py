"""What a changed setting touches; stands at the setting, in its annotation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Effect = Literal["requests", "threshold"]


@dataclass(frozen=True, slots=True)
class Touches:
    """The first stage that a setting touches, and how.

    `requests`: other requests come of it, so the user must agree before they are bought.
    `threshold`: only what is kept changes; it is re-applied to what is paid for. `part` gives
    the part of the value that matters, where not all of it does.
    """

    stage: str
    effect: Effect
    part: Callable[[Any], object] | None = None

    def differs(self, old: object, new: object) -> bool:
        """Whether a change from one value to the other matters."""
        return old != new if self.part is None else self.part(old) != self.part(new)


@dataclass(frozen=True, slots=True)
class TouchesNothing:
    """A setting that may change at any time, and why nothing becomes stale by it."""

    why: Literal["operational", "in_ids", "every_call"]


OPERATIONAL = TouchesNothing("operational")  # it changes how the work is done, not what comes out
IN_IDS = TouchesNothing("in_ids")  # ids contain it: another value makes other items, none stale
EVERY_CALL = TouchesNothing("every_call")  # what depends on it is written anew by every call
