"""How an account bills what it is asked: at which service tier, and how much above our count."""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.requests import Request, asked_tier

ACCOUNTS_OWN = "auto"  # what the project says, as where nothing is asked for (OpenAI, chat)


class TierKind(NamedTuple):
    """Requests that are billed at one tier: of a model at a server; `asked` empty: for none."""

    server: str
    model: str
    asked: str


class BillingHabits:
    """What replies have taught of the bill. `shares` are what tiers cost, of the live price.

    A factor is a multiple of what our worst case comes to at the live price.
    """

    def __init__(self, shares: Mapping[str, float]) -> None:
        self.shares = shares
        self._dearest = max([1.0, *shares.values()])
        self._told: dict[TierKind, float] = {}
        self._excess: dict[str, float] = {}  # by model: the bill as a multiple of the worst case

    def asked_factor(self, kind: TierKind) -> float:
        """By the tier that is asked for, at least the live one."""
        if not kind.asked and not self._excess:
            return 1.0  # nearly all
        return max(1.0, self.shares.get(kind.asked, 1.0)) * self._excess.get(kind.model, 1.0)

    def factor(self, kind: TierKind) -> float:
        """By the tiers that replies have named, 1.0 at least; by the dearest until one did."""
        return self._told.get(kind, self._dearest) * self._excess.get(kind.model, 1.0)

    def surplus(self, kind: TierKind) -> float:
        """How much more than by its factor it may be, as a share, if tiers are no longer as told.

        What asks for a tier is billed by it, once a reply has said so.
        """
        return 0.0 if kind.asked else self._dearest / self._told.get(kind, self._dearest) - 1.0

    def learn_tier(self, kind: TierKind, service_tier: str) -> None:
        """Note the tier that a reply names; empty: the usual one."""
        share = max(1.0, *(self.shares.get(tier, 1.0) for tier in (kind.asked, service_tier)))
        if share > self._told.get(kind, 0.0):
            self._told[kind] = share

    def learn_excess(self, kind: TierKind, cost_usd: float, worst_usd: float) -> None:
        """Note a bill above the worst case: the server counts otherwise than we do."""
        if cost_usd > worst_usd > 0.0:
            excess = self._excess.get(kind.model, 1.0)
            self._excess[kind.model] = excess * cost_usd / worst_usd


def tier_kind(request: Request, asked: str | None) -> TierKind:
    """Of which kind a request is, which goes out asking for a tier; None: as it stands in it."""
    tier = asked_tier(request) if asked is None else asked
    return TierKind(request.server, request.model, "" if tier == ACCOUNTS_OWN else tier)
