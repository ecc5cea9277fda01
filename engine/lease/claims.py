"""What a process says when it claims a part of an account, and what it is lent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Claim:
    """What a holder has spent and wants. All figures are absolute: repeated, it changes nothing.

    `number` counts the claims of a holder. `wants` are parts of the account's limits, 1.0 at most,
    by what the limits are of. Of the dollars it has got `used_usd` is spent or under way; with
    `least_usd` more it can go on, `wanted_usd` more would do for some time. If there is not that
    least it gives back all that it does not use; with a least of 0 it keeps what there is.
    """

    holder: str
    number: int
    wants: Mapping[str, float]
    spent_usd: float = 0.0
    used_usd: float = 0.0
    least_usd: float = 0.0
    wanted_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Lease:
    """What a holder has from the moment on in which it claimed.

    `parts` are lent for `ttl_s` seconds; a part that is not there is none. With none of these the
    lender has nothing to lend now, and has not noted the claim. `granted_usd` is what
    it may spend in all. `again_s` is when it should claim again.
    Of all holders together `spent_usd` is known to be spent; `held_usd` is what the others might
    still spend or give back. `is_over`: another goes on in the holder's place.
    """

    parts: Mapping[str, float]
    ttl_s: float
    again_s: float
    granted_usd: float
    spent_usd: float
    held_usd: float
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class Demand:
    """What all holders want who borrow of one lender that borrows itself.

    `used_usd` is spent or lent to them; with `wanted_usd` more there would be enough for all.
    """

    used_usd: float
    wanted_usd: float


class Lender(Protocol):
    """Lends; called by any number of holders at once. A call that is repeated changes nothing."""

    async def renew(self, claim: Claim) -> Lease:
        """What the holder has from now on.

        Raises:
            TransientError: the lender is away; nothing is known of what it heard.
        """
        ...

    async def close(self, holder: str, spent_usd: float) -> None:
        """The holder has ended, and has spent so much: the rest comes back.

        Raises:
            TransientError: as above.
        """
        ...
