"""The arithmetic of leases: who holds which part of the limits until when, and which dollars."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from engine.clock import Clock
from engine.lease.claims import Claim, Demand, Lease
from engine.lease.due import Wants

TTL_S = 5.0  # a part that is not claimed again comes back after it
AGAIN_SHARE = 0.4  # of the time to live: a claim that is late once still comes in time
SOON_SHARE = 0.05  # where others hold what is due to the holder
SMALLEST_PART = 1e-6
ROUNDING_USD = 1e-9  # sums of floats


@dataclass(slots=True)
class Holder:
    """What one holder has. `wants`, `until_s` and `wanted_usd` in all are of its last claim."""

    name: str
    number: int = 0
    until_s: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)
    wants: dict[str, float] = field(default_factory=dict)
    granted_usd: float = 0.0
    spent_usd: float = 0.0
    wanted_usd: float = 0.0
    is_revoked: bool = False
    is_closed: bool = False

    @property
    def unspent_usd(self) -> float:
        """What it may still spend."""
        return max(0.0, self.granted_usd - self.spent_usd)

    @property
    def lacking_usd(self) -> float:
        """What it wants beyond what it has."""
        return max(0.0, self.wanted_usd - self.granted_usd)


class Sums:
    """What holders have in all, kept as they change: their number costs nothing.

    `parts` are those of each limit. Dollars are `spent_usd`, `unspent_usd` granted beyond it, and
    `lacking_usd` wanted beyond that.
    """

    def __init__(self) -> None:
        self._begin()
        self._change_count = 0

    def add(self, holder: Holder) -> None:
        """Count a holder, as it is now."""
        for name, part in holder.parts.items():
            self.parts[name] += part
        self.spent_usd += holder.spent_usd
        self.unspent_usd += holder.unspent_usd
        self.lacking_usd += holder.lacking_usd

    def remove(self, holder: Holder) -> None:
        """Count a holder no more, as it is now; it was counted as that."""
        for name, part in holder.parts.items():
            self.parts[name] -= part
        self.spent_usd -= holder.spent_usd
        self.unspent_usd -= holder.unspent_usd
        self.lacking_usd -= holder.lacking_usd

    def keep_exact(self, holders: Mapping[str, Holder]) -> None:
        """Add all up anew now and then, as each change of a sum of floats may lose a bit of it."""
        self._change_count += 1
        if self._change_count > len(holders):
            self._begin()
            self._change_count = 0
            for holder in holders.values():
                self.add(holder)

    def _begin(self) -> None:
        self.parts = defaultdict[str, float](float)
        self.spent_usd = self.unspent_usd = self.lacking_usd = 0.0


class Leases:
    """Lends parts of the limits for a time, and dollars for good.

    At every moment the parts that are lent of a limit add up to 1.0 at most, and what is spent and
    granted to the cap at most. A part comes back when its holder claims less, ends, or does not
    claim again in time; dollars when it says that they are not needed, or once it is known what
    was spent. `on_change` is called with each holder before what changed may be told.

    Where `is_borrowing`, all this is borrowed itself: nothing is lent but what `borrow` was told,
    and never for longer.
    """

    def __init__(
        self,
        *,
        cap_usd: float | None,
        spent_usd: float,
        holder_count: int,
        clock: Clock,
        ttl_s: float = TTL_S,
        is_borrowing: bool = False,
        on_change: Callable[[Holder], None] = lambda _: None,
    ) -> None:
        """`spent_usd` is what counts against the cap already; `holder_count` are expected."""
        self._cap_usd = cap_usd
        self._spent_usd = spent_usd
        self._holder_count = holder_count
        self._clock = clock
        self._ttl_s = ttl_s
        self._until_s = float("-inf" if is_borrowing else "inf")
        self._lendable_usd = 0.0 if is_borrowing and cap_usd is not None else cap_usd
        self._on_change = on_change
        self._holders: dict[str, Holder] = {}
        self._in_time = OrderedDict[str, Holder]()  # who claimed last is the last
        self._wants = defaultdict[str, Wants](Wants)
        self._sums = Sums()
        self._closed_usd: dict[str, float] = {}

    def restore(self, holder: Holder) -> None:
        """Take over what an earlier process has lent; its time begins anew, to be safe."""
        if holder.is_closed:
            self._end(holder.name, holder.spent_usd)
            return
        self._holders[holder.name] = holder
        self._sums.add(holder)
        self._note_claim(holder)

    def renew(self, claim: Claim) -> Lease:
        """What the holder has from now on. An older claim than its last is only answered.

        So is any where what was borrowed has run out: then the answer lasts no time.
        """
        if claim.holder in self._closed_usd:
            return self._lease(Holder(claim.holder), is_over=True)
        holder = self._holders.get(claim.holder)
        if holder is None:
            holder = self._holders[claim.holder] = Holder(claim.holder)
        if holder.is_revoked:
            return self._lease(holder, is_over=True)
        if claim.number <= holder.number or self._clock.monotonic_s() >= self._until_s:
            return self._lease(holder)
        before = (dict(holder.parts), holder.granted_usd)
        holder.number = claim.number
        self._drop_expired()
        self._sums.remove(holder)  # until it is added again they are those of the others
        holder.spent_usd = max(holder.spent_usd, claim.spent_usd)
        self._note_wants(holder, claim.wants)
        holder.parts = {name: self._part(holder, name) for name in claim.wants}
        holder.granted_usd = self._grant(holder, claim)
        holder.wanted_usd = claim.used_usd + claim.wanted_usd
        self._sums.add(holder)
        self._note_claim(holder)
        if before != (holder.parts, holder.granted_usd):
            self._on_change(holder)
        return self._lease(holder)

    def borrow(self, until_s: float, usd: float) -> None:
        """Lend until then on the clock, by so many dollars in all. Less than before is ignored."""
        self._until_s = max(self._until_s, until_s)
        if self._lendable_usd is not None:
            self._lendable_usd = max(self._lendable_usd, usd)

    @property
    def demand(self) -> Demand:
        """What there is to borrow for."""
        used_usd = self._spent_usd + self._sums.spent_usd + self._sums.unspent_usd
        return Demand(used_usd, max(0.0, self._sums.lacking_usd))

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
        return self._spent_usd + self._sums.spent_usd

    def _end(self, name: str, spent_usd: float) -> None:
        if (holder := self._holders.get(name)) is not None:
            self._take_back(holder)
            self._sums.remove(holder)
            del self._holders[name]
        self._closed_usd[name] = spent_usd
        self._spent_usd += spent_usd

    def _note_claim(self, holder: Holder) -> None:
        holder.until_s = self._clock.monotonic_s() + self._ttl_s
        self._in_time[holder.name] = holder
        self._in_time.move_to_end(holder.name)
        self._sums.keep_exact(self._holders)

    def _note_wants(self, holder: Holder, wants: Mapping[str, float]) -> None:
        for name in holder.wants.keys() - wants.keys():
            self._wants[name].forget(holder.name)
        for name, wanted in wants.items():
            self._wants[name].note(holder.name, wanted)
        holder.wants = dict(wants)

    def _drop_expired(self) -> None:
        now_s = self._clock.monotonic_s()
        while self._in_time:
            holder = next(iter(self._in_time.values()))
            if holder.until_s >= now_s:
                return
            self._take_back(holder)

    def _take_back(self, holder: Holder) -> None:
        """What a holder has of the limits is others' from now on; it wants none."""
        self._in_time.pop(holder.name, None)
        self._note_wants(holder, {})
        self._sums.remove(holder)
        holder.parts, holder.wanted_usd = {}, 0.0
        self._sums.add(holder)

    def _part(self, holder: Holder, name: str) -> float:
        """What is due to the holder of a limit, as far as others do not hold it."""
        wants = self._wants[name]
        due = wants.due(holder.name)
        if name not in holder.parts:  # those who are still to come get theirs at once, too
            due = min(due, 1.0 / max(self._holder_count, len(wants)))
        part = min(due, 1.0 - self._sums.parts[name])
        return part if part >= SMALLEST_PART else 0.0

    def _grant(self, holder: Holder, claim: Claim) -> float:
        """What the holder may spend in all: what it wants, or what there is, or no more.

        It is not told to give back what it wants to keep: it may be spending it.
        """
        if self._lendable_usd is None:
            return claim.used_usd + claim.wanted_usd
        held_usd = self._sums.spent_usd + self._sums.unspent_usd  # by the others
        free_usd = self._lendable_usd - self._spent_usd - held_usd - claim.used_usd
        if claim.least_usd:
            is_enough = free_usd + ROUNDING_USD >= claim.least_usd
            return claim.used_usd + (min(claim.wanted_usd, free_usd) if is_enough else 0.0)
        kept_usd = holder.granted_usd - claim.used_usd
        return claim.used_usd + max(0.0, min(claim.wanted_usd, max(free_usd, kept_usd)))

    @property
    def _not_borrowed_usd(self) -> float:
        """What might still be lent to this one."""
        if self._cap_usd is None or self._lendable_usd is None:
            return 0.0
        return max(0.0, self._cap_usd - self._lendable_usd)

    def _lease(self, holder: Holder, *, is_over: bool = False) -> Lease:
        own_usd = holder.unspent_usd if holder.name in self._holders else 0.0
        is_short = any(part == 0.0 for part in holder.parts.values())
        left_s = self._until_s - self._clock.monotonic_s()
        return Lease(
            parts={name: part for name, part in holder.parts.items() if part > 0.0},
            ttl_s=max(0.0, min(self._ttl_s, left_s)),
            again_s=self._ttl_s * (SOON_SHARE if is_short else AGAIN_SHARE),
            granted_usd=holder.granted_usd,
            spent_usd=self.spent_usd,
            held_usd=max(0.0, self._sums.unspent_usd - own_usd) + self._not_borrowed_usd,
            is_over=is_over,
        )
