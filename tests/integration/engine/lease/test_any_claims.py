"""Any claims, repeated, late and lost."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as some

from tests.unit.engine.lease.test_leases import Lending

STEPS = some.lists(
    some.tuples(
        some.sampled_from("abcde"),  # who
        some.floats(0.0, 1.0),  # wants
        some.floats(0.0, 4.0),  # of what it has got, as a multiple: spent
        some.floats(0.0, 8.0),  # dollars wanted
        some.floats(0.0, 6.0),  # seconds that pass before
        some.booleans(),  # it ends
    ),
    max_size=40,
)


@given(STEPS)
def test_neither_the_limit_nor_the_cap_is_ever_lent_twice(
    steps: list[tuple[str, float, float, float, float, bool]],
) -> None:
    lending, cap_usd = Lending(cap_usd=10.0, holder_count=3), 10.0
    parts: dict[str, tuple[float, float]] = {}
    granted_usd: dict[str, float] = {}
    spent_usd: defaultdict[str, float] = defaultdict(float)
    ended: set[str] = set()

    for who, wants, used, wanted_usd, seconds, ends in steps:
        lending.clock.go(seconds=seconds)
        now_s = lending.clock.monotonic_s()
        if who in ended:
            continue
        spent_usd[who] = min(granted_usd.get(who, 0.0), spent_usd[who] + used)
        usd = {"spent_usd": spent_usd[who], "used_usd": spent_usd[who], "wanted_usd": wanted_usd}
        lease = lending.claim(who, wants, **usd)
        granted_usd[who] = lease.granted_usd
        parts[who] = (lease.parts.get("m", 0.0), now_s + lease.ttl_s)
        if ends:
            lending.leases.close(who, spent_usd[who])
            ended.add(who)
            granted_usd[who], parts[who] = spent_usd[who], (0.0, 0.0)
        assert sum(part for part, until_s in parts.values() if until_s > now_s) <= 1.0 + 1e-9
        assert sum(granted_usd.values()) <= cap_usd + 1e-9
