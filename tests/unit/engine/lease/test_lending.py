from pathlib import Path

import pytest

from engine.errors import DamagedLogError
from engine.lease.claims import Claim
from engine.lease.lease_log import read_leases
from engine.lease.leases import TTL_S
from engine.lease.lending import Lending
from engine.testing.clocks import ManualClock


def open_lending(path: Path) -> Lending:
    return Lending(path, cap_usd=10.0, spent_usd=1.0, holder_count=2, clock=ManualClock())


async def test_lender_that_was_killed_goes_on_with_what_it_had_lent(tmp_path: Path) -> None:
    path = tmp_path / "leases.jsonl"
    killed = open_lending(path)
    await killed.renew(Claim("a", 1, {"m": 1.0}, wanted_usd=5.0))
    await killed.renew(Claim("b", 1, {"m": 1.0}, wanted_usd=1.0))
    await killed.close("b", 0.5)

    lender = open_lending(path)
    late = await lender.renew(Claim("b", 2, {"m": 1.0}))
    repeated = await lender.renew(Claim("a", 1, {"m": 1.0}, wanted_usd=5.0))
    other = await lender.renew(Claim("c", 1, {"m": 1.0}, wanted_usd=9.0))

    assert late.is_over
    assert (repeated.parts, repeated.granted_usd) == ({"m": 0.5}, 5.0)
    assert (other.parts, other.granted_usd) == ({"m": 0.5}, 3.5)
    lender.end()
    killed.end()


async def test_claims_that_change_nothing_write_nothing_and_the_log_stays_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "leases.jsonl"
    monkeypatch.setattr("engine.lease.lease_log.FOLD_ABOVE_BYTES", 2000)
    lender = open_lending(path)

    await lender.renew(Claim("a", 1, {"m": 1.0}))
    await lender.renew(Claim("a", 2, {"m": 1.0}))
    size_bytes = path.stat().st_size
    for number in range(3, 50):
        await lender.renew(Claim("a", number, {"m": 1.0}))
    assert path.stat().st_size == size_bytes
    for number in range(50, 100):
        await lender.renew(Claim("a", number, {"m": 1.0}, wanted_usd=number / 100))

    assert path.stat().st_size < 4000
    assert [(each.name, each.granted_usd) for each in read_leases(path)] == [("a", 0.99)]
    lender.end()


async def test_damaged_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "leases.jsonl"
    path.write_text('{"name":"a"}\n{"nobody":1}\n', encoding="utf-8")

    with pytest.raises(DamagedLogError, match=r"leases\.jsonl:2: .*not a lease"):
        open_lending(path)


async def test_lender_that_borrows_and_was_killed_lends_nothing_until_it_borrows_anew(
    tmp_path: Path,
) -> None:
    path, clock = tmp_path / "leases.jsonl", ManualClock()

    def begin() -> Lending:
        return Lending(
            path, cap_usd=10.0, spent_usd=0.0, holder_count=1, clock=clock, is_borrowing=True
        )

    killed = begin()
    await killed.borrow(60.0, 4.0)
    await killed.renew(Claim("a", 1, {"m": 1.0}, wanted_usd=3.0))
    killed.end()
    lender = begin()

    nothing = await lender.renew(Claim("a", 2, {"m": 1.0}, wanted_usd=3.0))
    used_usd = (await lender.demand()).used_usd
    await lender.borrow(60.0, 4.0)
    lease = await lender.renew(Claim("a", 2, {"m": 1.0}, wanted_usd=3.0))

    assert used_usd == 3.0
    assert (nothing.ttl_s, nothing.granted_usd) == (0.0, 3.0)
    assert (lease.ttl_s, lease.granted_usd) == (TTL_S, 3.0)
    lender.end()
