"""What a request may cost in a batch at most, and how that is kept near what it does cost."""

from collections.abc import Callable
from typing import NamedTuple

from engine.batch.packing.outbox import Spooled
from engine.spending.budget import Budget
from engine.wire.prices import Price, unknown_price, worst_case_usd


class PackingCosts(NamedTuple):
    """The costs of what is packed now, at `price_share` of live prices.

    With `limits_outputs` a request gets an output limit near what replies to its purpose take, so
    that more of them fit into the budget at once. What that cuts off is asked again, with its own;
    `was_cut_off` tells requests that any limit has cut off.
    """

    price: Price
    price_share: float
    budget: Budget
    limits_outputs: bool
    was_cut_off: Callable[[str], bool]

    def worst_usd(self, request: Spooled) -> float | None:
        """The most dollars that a request may cost; None: its price is not known.

        Raises:
            ConfigError: nor can a budget be kept then.
        """
        usd = worst_case_usd(self.price, request)
        if usd is not None:
            return usd * self.price_share
        if self.budget.room_usd is not None:
            raise unknown_price(request.model)
        return None

    def output_limit(self, request: Spooled) -> int | None:
        """An output limit that will do for a request and is below its own; None: its own."""
        if not (self.limits_outputs and request.output_tokens):
            return None
        if self.was_cut_off(request.request_id):
            return None
        return self.budget.sizes.enough_for(request)
