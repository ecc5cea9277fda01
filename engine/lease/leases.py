"""The arithmetic of leases: who holds which part of the limits until when, and which dollars."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.clock import Clock
from engine.lease.claims import Claim, Lease

TTL_S = 5.0  # a part that is not claimed again comes back after it
AGAIN_SHARE = 0.4  # of the time to live: a claim that is late once still comes in time
SOON_SHARE = 0.05  # where others hold what is due to the holder
SMALLEST_PART = 1e-6
ROUNDING_USD = 1e-9  # sums of floats


@dataclass(slots=True)
class Holder:
    """What one holder has. `wants` and `until_s` are of its last claim."""

    name: str
    number: int = 0
    until_s: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)
    wants: dict[str, float] = field(default_factory=dict)
    granted_usd: float = 0.0
    spent_usd: float = 0.0
    is_revoked: bool = False
    is_closed: bool = False


class Leases:
    """Lends parts of the limits for a time, and dollars for good.

    At every moment the parts that are lent of a limit add up to 1.0 at most, and what is spent and
    granted to the cap at most. A part comes back when its holder claims less, ends, or does not
    claim again in time; dollars when it says that they are not needed, or once it is known what
    was spent. `on_change` is called with each holder before what changed may be told.
    """

    def __init__(
        self,
        *,
        cap_usd: float | None,
        spent_usd: float,
        holder_count: int,
        clock: Clock,
        ttl_s: float = TTL_S,
        on_change: Callable[[Holder], None] = lambda _: None,
    ) -> None:
        """`spent_usd` is what counts against the cap already; `holder_count` are expected."""
        self._cap_usd = cap_usd
        self._spent_usd = spent_usd
        self._holder_count = holder_count
        self._clock = clock
        self._ttl_s = ttl_s
        self._on_change = on_change
        self._holders: dict[str, Holder] = {}
        self._closed_usd: dict[str, float] = {}

    def restore(self, holder: Holder) -> None:
        """Take over what an earlier process has lent; its time begins anew, to be safe."""
        if holder.is_closed:
            self._end(holder.name, holder.spent_usd)
            return
        holder.until_s = self._clock.monotonic_s() + self._ttl_s
        self._holders[holder.name] = holder

    def renew(self, claim: Claim) -> Lease:
        """What the holder has from now on. An older claim than its last is only answered."""
        if claim.holder in self._closed_usd:
            return self._lease(Holder(claim.holder), is_over=True)
        holder = self._holders.get(claim.holder)
        if holder is None:
            holder = self._holders[claim.holder] = Holder(claim.holder)
        if holder.is_revoked:
            return self._lease(holder, is_over=True)
        if claim.number <= holder.number:
            return self._lease(holder)
        before = (dict(holder.parts), holder.granted_usd)
        holder.number = claim.number
        self._drop_expired()
        holder.spent_usd = max(holder.spent_usd, claim.spent_usd)
        holder.wants = dict(claim.wants)
        holder.parts = {name: self._part(holder, name) for name in claim.wants}
        holder.until_s = self._clock.monotonic_s() + self._ttl_s
        holder.granted_usd = self._grant(holder, claim)
        if before != (holder.parts, holder.granted_usd):
            self._on_change(holder)
        return self._lease(holder)

    def close(self, name: str, spent_usd: float) -> None:
        """A holder has ended, and has spent so much in all."""
        if name not in self._closed_usd:
            self._end(name, spent_usd)
            self._on_change(Holder(name, spent_usd=spent_usd, is_closed=True))

    def forfeit(self, name: str) -> None:
        """A holder has ended, and what it spent is unknown: all that it was lent counts."""
        holder = self._holders.get(name, Holder(name))
        self.close(name, max(holder.granted_usd, holder.spent_usd))

    def revoke(self, name: str) -> float:
        """Lend a holder nothing more; for how many seconds it may still begin to send.

        What it was lent of the limits ends with these; dollars are lent until `close`.
        """
        if name in self._closed_usd:
            return 0.0
        holder = self._holders.setdefault(name, Holder(name))
        if not holder.is_revoked:
            holder.is_revoked = True
            self._on_change(holder)
        return max(0.0, holder.until_s - self._clock.monotonic_s())

    def state(self) -> Iterator[Holder]:
        """All that `restore` needs."""
        yield from self._holders.values()
        for name, usd in self._closed_usd.items():
            yield Holder(name, spent_usd=usd, is_closed=True)

    @property
    def spent_usd(self) -> float:
        """What is known to be spent."""
        return self._spent_usd + sum(holder.spent_usd for holder in self._holders.values())

    def _end(self, name: str, spent_usd: float) -> None:
        self._holders.pop(name, None)
        self._closed_usd[name] = spent_usd
        self._spent_usd += spent_usd

    def _drop_expired(self) -> None:
        now_s = self._clock.monotonic_s()
        for holder in self._holders.values():
            if holder.until_s < now_s:
                holder.parts, holder.wants = {}, {}

    def _part(self, holder: Holder, name: str) -> float:
        """What is due to the holder of a limit, as far as others do not hold it."""
        wants = {
            each.name: each.wants[name] for each in self._holders.values() if name in each.wants
        }
        due = fair_parts(wants)[holder.name]
        if name not in holder.parts:  # those who are still to come get theirs at once, too
            due = min(due, 1.0 / max(self._holder_count, len(wants)))
        held = sum(
            each.parts.get(name, 0.0) for each in self._holders.values() if each is not holder
        )
        part = min(due, 1.0 - held)
        return part if part >= SMALLEST_PART else 0.0

    def _grant(self, holder: Holder, claim: Claim) -> float:
        """What the holder may spend in all: what it wants, or what there is, or no more.

        It is not told to give back what it wants to keep: it may be spending it.
        """
        if self._cap_usd is None:
            return claim.used_usd + claim.wanted_usd
        free_usd = self._cap_usd - self._spent_usd - self._held_usd(holder) - claim.used_usd
        if claim.least_usd:
            is_enough = free_usd + ROUNDING_USD >= claim.least_usd
            return claim.used_usd + (min(claim.wanted_usd, free_usd) if is_enough else 0.0)
        kept_usd = holder.granted_usd - claim.used_usd
        return claim.used_usd + max(0.0, min(claim.wanted_usd, max(free_usd, kept_usd)))

    def _held_usd(self, holder: Holder) -> float:
        """What the others have spent or may spend."""
        return sum(
            max(each.granted_usd, each.spent_usd)
            for each in self._holders.values()
            if each is not holder
        )

    def _lease(self, holder: Holder, *, is_over: bool = False) -> Lease:
        others = [each for each in self._holders.values() if each is not holder]
        is_short = any(part == 0.0 for part in holder.parts.values())
        return Lease(
            parts={name: part for name, part in holder.parts.items() if part > 0.0},
            ttl_s=self._ttl_s,
            again_s=self._ttl_s * (SOON_SHARE if is_short else AGAIN_SHARE),
            granted_usd=holder.granted_usd,
            spent_usd=self.spent_usd,
            held_usd=sum(max(0.0, each.granted_usd - each.spent_usd) for each in others),
            is_over=is_over,
        )


def fair_parts(wants: Mapping[str, float]) -> dict[str, float]:
    """The parts of 1.0 for each of those who want some (max-min fairness).

    None gets less than it wants as long as another gets more than it does. What none wants is
    divided evenly, so that all of it may be used at once. The parts add up to 1.0.
    """
    parts: dict[str, float] = {}
    left, count = 1.0, len(wants)
    for name, wanted in sorted(wants.items(), key=lambda item: item[1]):
        parts[name] = min(wanted, left / count)
        left -= parts[name]
        count -= 1
    return {name: part + left / len(parts) for name, part in parts.items()}
