"""What the settled requests of a run took, by what they were for and by lane."""

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from engine.files.journal import Settled, read_settled
from engine.run_folder import RunFolder
from schemas.outcomes import Lane


class Spending(NamedTuple):
    """Requests of one purpose in one lane; `cost_usd` None: the price of one is not known."""

    purpose: str
    lane: Lane
    request_count: int = 0
    failed_count: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0

    def plus(self, settled: Settled) -> "Spending":
        """The same with one more request."""
        return Spending(
            self.purpose,
            self.lane,
            self.request_count + 1,
            self.failed_count + (not settled.is_completed),
            self.prompt_tokens + settled.usage.prompt_tokens,
            self.cached_tokens + settled.usage.cached_tokens,
            self.completion_tokens + settled.usage.completion_tokens,
            total_cost_usd((self.cost_usd, settled.cost_usd)),
        )


def read_spending(folder: RunFolder) -> list[Spending]:
    """One entry for each purpose and lane, sorted; what was asked again counts as well.

    Raises:
        DamagedLogError: the journal is damaged.
    """
    groups: dict[tuple[str, Lane], Spending] = {}
    for settled in chain(read_settled(folder.journal_path), read_settled(folder.retried_path)):
        key = settled.purpose, settled.lane
        groups[key] = groups.get(key, Spending(*key)).plus(settled)
    return [groups[key] for key in sorted(groups)]


def total_cost_usd(costs: Iterable[float | None]) -> float | None:
    """The sum of what is known in full; None if one of it is not known."""
    total = 0.0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total
