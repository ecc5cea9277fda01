"""What a changed setting touches; stands at the setting, in its annotation."""

from dataclasses import dataclass
from typing import Literal

Effect = Literal["requests", "threshold"]


@dataclass(frozen=True, slots=True)
class Touches:
    """The first stage that a setting touches, and how.

    `requests`: other requests come of it, so the user must agree before they are bought.
    `threshold`: only what is kept changes; it is re-applied to what is paid for.
    """

    stage: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class TouchesNothing:
    """A setting that may change at any time, and why nothing becomes stale by it."""

    why: Literal["operational", "in_ids", "every_call"]


OPERATIONAL = TouchesNothing("operational")  # it changes how the work is done, not what comes out
IN_IDS = TouchesNothing("in_ids")  # ids contain it: another value makes other items, none stale
EVERY_CALL = TouchesNothing("every_call")  # what depends on it is written anew by every call
