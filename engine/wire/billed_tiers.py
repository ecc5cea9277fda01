"""At which service tiers an account bills what asks for none: seen in replies, by model."""

from collections.abc import Mapping

from schemas.requests import Request, asked_tier


class BilledTiers:
    """What tiers may make of a price. `shares` are their prices, as shares of the live one."""

    def __init__(self, shares: Mapping[str, float]) -> None:
        self.shares = shares
        self.dearest = max([1.0, *shares.values()])
        self._told: dict[str, float] = {}

    def share(self, request: Request) -> float:
        """Of the live price, 1.0 at least: by the tier it asks for, or one seen unasked."""
        if request.way and (tier := asked_tier(request)):
            return max(1.0, self.shares.get(tier, 1.0))
        return self._told.get(request.model, 1.0)

    def is_open(self, request: Request) -> bool:
        """Whether a request may be billed at any tier, as far as is known."""
        return request.model not in self._told and not (request.way and asked_tier(request))

    def learn(self, request: Request, service_tier: str) -> None:
        """Note the tier that a reply names; empty: the usual one."""
        share = max(1.0, self.shares.get(service_tier, 1.0))
        if share > self._told.get(request.model, 0.0) and not asked_tier(request):
            self._told[request.model] = share
