"""The arithmetic of leases, with a clock that is set by hand."""

import random
from collections import defaultdict

import pytest

from engine.lease.claims import Claim, Demand, Lease
from engine.lease.leases import Holder, Leases
from engine.testing.clocks import ManualClock

TTL_S = 5.0


class Lending:
    """Leases, and holders that claim by name with numbers of their own."""

    def __init__(
        self,
        *,
        cap_usd: float | None = None,
        holder_count: int = 1,
        spent_usd: float = 0.0,
        is_borrowing: bool = False,
    ) -> None:
        self.clock = ManualClock()
        self.changes: list[Holder] = []
        self.leases = Leases(
            cap_usd=cap_usd,
            spent_usd=spent_usd,
            holder_count=holder_count,
            clock=self.clock,
            ttl_s=TTL_S,
            is_borrowing=is_borrowing,
            on_change=self.changes.append,
        )
        self._numbers: defaultdict[str, int] = defaultdict(int)

    def claim(self, holder: str, wants: float = 1.0, **usd: float) -> Lease:
        self._numbers[holder] += 1
        return self.leases.renew(Claim(holder, self._numbers[holder], {"m": wants}, **usd))

    def part(self, holder: str, wants: float = 1.0) -> float:
        return self.claim(holder, wants).parts.get("m", 0.0)


def test_newcomer_gets_no_more_than_his_part_of_all_that_are_expected() -> None:
    lending = Lending(holder_count=4)

    parts = [lending.part(name) for name in "abcd"]

    assert parts == pytest.approx([0.25] * 4)


def test_part_of_a_holder_that_claims_no_more_comes_back_when_its_time_is_over() -> None:
    lending = Lending(holder_count=2)
    lending.part("a")
    lending.part("b")

    lending.clock.go(seconds=TTL_S - 0.1)
    kept = lending.part("b")
    lending.clock.go(seconds=0.2)
    freed = lending.part("b")

    assert kept == pytest.approx(0.5)
    assert freed == pytest.approx(1.0)


def test_what_a_holder_does_not_use_goes_to_the_one_that_wants_it_and_comes_back() -> None:
    lending = Lending(holder_count=2)
    lending.part("a")
    lending.part("b")

    idle = lending.part("a", wants=0.1)
    busy = lending.part("b")
    before_b_gave_back = lending.part("a")
    lending.part("b")
    again = lending.part("a")

    assert idle + busy == pytest.approx(1.0)
    assert busy > 0.85
    assert before_b_gave_back == pytest.approx(idle)
    assert again == pytest.approx(0.5)


def test_holder_whose_part_others_still_hold_is_told_to_come_again_soon() -> None:
    lending = Lending(holder_count=1)
    lending.part("a")

    lease = lending.claim("b")

    assert lease.parts == {}
    assert lease.again_s < 0.5


def test_claim_that_is_repeated_or_late_changes_nothing() -> None:
    lending = Lending(cap_usd=10.0)
    first = Claim("a", 1, {"m": 1.0}, wanted_usd=4.0)
    second = Claim("a", 2, {"m": 1.0}, used_usd=1.0, spent_usd=1.0, wanted_usd=1.0)

    granted = [lending.leases.renew(claim).granted_usd for claim in (first, first, second, first)]

    assert granted == [4.0, 4.0, 2.0, 2.0]
    assert len(lending.changes) == 2


def test_dollars_are_lent_until_the_cap_with_what_was_spent_before() -> None:
    lending = Lending(cap_usd=10.0, spent_usd=3.0)

    first = lending.claim("a", wanted_usd=5.0)
    second = lending.claim("b", wanted_usd=5.0)
    third = lending.claim("c", least_usd=1.0, wanted_usd=1.0)

    assert [each.granted_usd for each in (first, second, third)] == [5.0, 2.0, 0.0]
    assert third.held_usd == 7.0
    assert third.spent_usd == 3.0


def test_dollars_of_a_lost_holder_stay_lent_until_it_is_known_what_it_spent() -> None:
    lending = Lending(cap_usd=10.0)
    lending.claim("a", wanted_usd=10.0)

    lending.clock.go(seconds=2 * TTL_S)
    before = lending.claim("b", wanted_usd=10.0)
    lending.leases.close("a", 4.0)
    after = lending.claim("b", wanted_usd=10.0)

    assert before.granted_usd == 0.0
    assert after.granted_usd == 6.0


def test_holder_that_is_closed_gets_nothing_any_more_and_counts_once() -> None:
    lending = Lending(cap_usd=10.0)
    lending.claim("a", wanted_usd=5.0)
    lending.leases.close("a", 2.0)
    lending.leases.close("a", 2.0)

    late = lending.claim("a", wanted_usd=5.0)

    assert late.is_over
    assert late.parts == {}
    assert lending.leases.spent_usd == 2.0


def test_holder_of_which_nobody_knows_what_it_spent_counts_with_all_it_was_lent() -> None:
    lending = Lending(cap_usd=10.0)
    lending.claim("a", wanted_usd=5.0)
    lending.claim("b", wanted_usd=2.0)
    lending.leases.close("b", 1.5)

    lending.leases.forfeit("a")
    lending.leases.forfeit("b")
    lending.leases.forfeit("never heard of")

    assert lending.leases.spent_usd == 6.5
    assert lending.claim("c", wanted_usd=9.0).granted_usd == 3.5


def test_holder_that_is_revoked_keeps_what_it_has_until_its_time_is_over_and_gets_no_more() -> None:
    lending = Lending(cap_usd=10.0)
    lending.claim("a", wanted_usd=5.0)
    lending.clock.go(seconds=1.0)

    lasts_s = lending.leases.revoke("a")
    late = lending.claim("a", wanted_usd=9.0)
    lending.clock.go(seconds=3.0)
    repeated_s = lending.leases.revoke("a")
    other = lending.claim("b", wanted_usd=10.0)

    assert (lasts_s, repeated_s) == (4.0, 1.0)
    assert late.is_over
    assert other.parts == {}
    assert other.granted_usd == 5.0


def test_leases_that_begin_again_hold_what_was_lent_before_for_their_whole_time() -> None:
    before, after = Lending(cap_usd=10.0, holder_count=2), Lending(cap_usd=10.0, holder_count=2)
    before.claim("a", wanted_usd=6.0)
    before.claim("b", wanted_usd=1.0)
    before.leases.close("b", 1.0)

    for holder in before.leases.state():
        after.leases.restore(holder)
    other = after.claim("c", wanted_usd=10.0)
    after.clock.go(seconds=TTL_S + 0.1)
    after.claim("c", wanted_usd=10.0)
    later = after.claim("c", wanted_usd=10.0)

    assert other.parts == pytest.approx({"m": 0.5})
    assert later.parts == {"m": 1.0}
    assert later.granted_usd == 3.0
    assert later.spent_usd == 1.0


def test_of_many_holders_neither_is_lent_twice_and_what_each_hears_adds_up() -> None:
    rng, count, cap_usd = random.Random(1), 100, 100.0
    lending = Lending(cap_usd=cap_usd, holder_count=count)
    last: dict[str, tuple[Lease, float]] = {}
    spent_usd: defaultdict[str, float] = defaultdict(float)

    for _ in range(600):
        lending.clock.go(seconds=rng.random() / 10)
        who = f"{rng.randrange(count)}"
        granted_usd = last[who][0].granted_usd if who in last else 0.0
        spent_usd[who] += rng.random() * (granted_usd - spent_usd[who])
        usd = {"spent_usd": spent_usd[who], "used_usd": spent_usd[who], "wanted_usd": rng.random()}
        lease = lending.claim(who, rng.random() ** 8, **usd)
        now_s = lending.clock.monotonic_s()
        last[who] = (lease, now_s + lease.ttl_s)

        in_time = [each for each, until_s in last.values() if until_s > now_s]
        assert sum(each.parts.get("m", 0.0) for each in in_time) <= 1.0 + 1e-9
        assert sum(each.granted_usd for each, _ in last.values()) <= cap_usd + 1e-9
        assert lease.spent_usd == pytest.approx(sum(spent_usd.values()))
        unspent_usd = {name: each.granted_usd - spent_usd[name] for name, (each, _) in last.items()}
        others_usd = sum(unspent_usd.values()) - unspent_usd[who]
        assert lease.held_usd == pytest.approx(others_usd, abs=1e-9)


def test_of_many_those_who_come_when_all_is_held_soon_get_as_much_as_the_others() -> None:
    names = [f"{number}" for number in range(200)]
    lending = Lending(holder_count=len(names))
    for name in 2 * names[:-3]:
        lending.part(name)

    for name in 2 * names:
        lending.part(name)
    parts = [lending.part(name) for name in names]

    assert parts == pytest.approx([1 / 200] * 200)


def test_lender_that_borrows_lends_nothing_before_and_never_for_longer() -> None:
    lending = Lending(is_borrowing=True)
    began_s = lending.clock.monotonic_s()

    before = lending.claim("a")
    lending.leases.borrow(began_s + 3.0, 0.0)
    whole = lending.claim("a")
    lending.leases.borrow(began_s + 1.0, 0.0)
    lending.clock.go(seconds=2.5)
    late = lending.claim("a")
    lending.clock.go(seconds=0.5)

    assert (before.parts, before.ttl_s) == ({}, 0.0)
    assert (whole.parts, whole.ttl_s) == ({"m": 1.0}, 3.0)
    assert late.ttl_s == pytest.approx(0.5)
    assert lending.claim("a").ttl_s == 0.0
    lending.leases.borrow(began_s + 60.0, 0.0)
    assert lending.claim("a").ttl_s == TTL_S


def test_lender_that_borrows_lends_the_dollars_that_it_has_and_says_what_more_is_wanted() -> None:
    lending = Lending(cap_usd=10.0, spent_usd=1.0, is_borrowing=True)
    lending.leases.borrow(60.0, 3.0)

    first = lending.claim("a", used_usd=0.5, wanted_usd=1.0)
    second = lending.claim("b", wanted_usd=2.0, least_usd=1.0)
    demand = lending.leases.demand
    lending.leases.borrow(60.0, 5.0)
    lending.leases.borrow(60.0, 4.0)
    third = lending.claim("b", wanted_usd=2.0, least_usd=1.0)

    assert (first.granted_usd, first.held_usd) == (1.5, 7.0)
    assert (second.granted_usd, second.held_usd) == (0.0, 1.5 + 7.0)
    assert demand == Demand(used_usd=2.5, wanted_usd=2.0)
    assert (third.granted_usd, third.held_usd) == (2.0, 1.5 + 5.0)
    assert lending.leases.demand == Demand(used_usd=4.5, wanted_usd=0.0)


def test_what_holders_wanted_who_ask_no_more_is_not_borrowed_for() -> None:
    lending = Lending(cap_usd=10.0, is_borrowing=True)
    lending.leases.borrow(60.0, 1.0)
    lending.claim("a", wanted_usd=4.0)
    lending.claim("b", wanted_usd=3.0)

    lending.leases.close("b", 0.0)
    lending.clock.go(seconds=TTL_S + 1.0)
    lending.claim("c", wanted_usd=0.5)

    assert lending.leases.demand == Demand(used_usd=1.0, wanted_usd=0.5)
