"""Whether a 403 or 404 that does not say so is meant for one request or for all."""

from collections import Counter
from typing import Literal

CLEAR_REFUSALS = 3  # of one request, while no other was answered
CLEAR_REQUESTS = 3  # that were refused, twice each, while none was answered

RefusalScope = Literal["one", "all", "open"]


class UnclearRefusals:
    """Such refusals of one model at one endpoint, judged by how other requests fare.

    A request that is refused again although others were answered meanwhile is refused alone. Where
    several are refused again and none was answered, all are.
    """

    def __init__(self) -> None:
        self._refused: Counter[str] = Counter()
        self._clear_ids: set[str] = set()
        self.has_answered = False

    def note_answer(self) -> None:
        """Note that a request was answered."""
        self.has_answered = True
        if self._refused:
            self._clear_ids.update(self._refused)
            self._refused.clear()

    def judge(self, request_id: str, *, is_last: bool) -> RefusalScope:
        """What a refusal of a request means; `is_last`: it will not be tried again."""
        if request_id in self._clear_ids:
            self._clear_ids.discard(request_id)
            return "one"
        self._refused[request_id] += 1
        again = sum(count > 1 for count in self._refused.values())
        if again >= CLEAR_REQUESTS:
            return "all"
        if is_last or self._refused[request_id] >= CLEAR_REFUSALS:
            return "one" if self.has_answered else "all"
        return "open"
