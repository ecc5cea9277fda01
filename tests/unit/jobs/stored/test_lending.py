"""What is needed to send is lent for as long as all is sealed, and no dollar before it is known."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import RunInUseError, TransientError
from engine.lease.claims import Claim
from engine.lease.leases import TTL_S
from engine.stopping import Stopping
from engine.testing.clocks import ManualClock
from jobs.stored.lending import STEP_SHARE, StoredLender
from jobs.stored.part_log import PartLog
from tests.rows import each_row
from tests.unit.jobs.send.sharded.outside.test_sealer import RefusingStore
from tests.unit.jobs.stored.stored_folder import append, begin, make_folder

BUDGET_USD = 10.0


async def at_once(work: Callable[[], None]) -> None:
    work()


class Lending:
    """A lender of a run that is stored."""

    def __init__(self, tmp_path: Path, budget_usd: float | None = BUDGET_USD) -> None:
        (tmp_path / "store").mkdir()
        self.store = RefusingStore(tmp_path / "store")
        self.folder = make_folder(tmp_path / "run")
        self.stopping = Stopping()
        self.session = begin(self.folder, self.store)
        self.lender = StoredLender(
            self.session,
            budget_usd=budget_usd,
            stopping=self.stopping,
            clock=ManualClock(),
            in_thread=at_once,
        )

    def lent_usd(self) -> float | None:
        """What the store knows to be lent."""
        return [part.note.lent_usd for _, part in PartLog(self.store).parts()][-1]


@each_row(
    "claim, granted_usd",
    [
        (Claim("run", 1, {}, used_usd=2.0, wanted_usd=3.0), 5.0),
        (Claim("run", 1, {}, used_usd=2.0, wanted_usd=0.01), 2.0 + BUDGET_USD * STEP_SHARE),
        (Claim("run", 1, {}, used_usd=9.5, wanted_usd=3.0), BUDGET_USD),
        (Claim("run", 1, {}, used_usd=9.5, least_usd=0.4, wanted_usd=3.0), BUDGET_USD),
        (Claim("run", 1, {}, used_usd=9.5, least_usd=0.6, wanted_usd=3.0), 9.5),
        (Claim("run", 1, {}, used_usd=11.0, wanted_usd=3.0), 11.0),
    ],
)
async def test_dollars_are_lent_within_the_budget_and_the_store_knows(
    claim: Claim, granted_usd: float, tmp_path: Path
) -> None:
    lending = Lending(tmp_path)

    lease = await lending.lender.renew(claim)

    assert lease.granted_usd == pytest.approx(granted_usd)
    assert lending.lent_usd() == pytest.approx(granted_usd)
    assert lease.held_usd == 0.0


async def test_all_limits_are_lent_for_seconds_and_without_a_budget_any_amount(
    tmp_path: Path,
) -> None:
    lending = Lending(tmp_path, budget_usd=None)

    lease = await lending.lender.renew(Claim("run", 1, {"model": 0.1}, wanted_usd=3.0))
    await lending.lender.close("run", 3.0)

    assert lease.parts == {"model": 1.0}
    assert lease.ttl_s == TTL_S
    assert 0.0 < lease.again_s < TTL_S
    assert lending.lent_usd() is None


async def test_nothing_is_lent_while_the_store_is_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lending = Lending(tmp_path)
    lending.store.is_refusing = True

    for number in (1, 2):
        with pytest.raises(TransientError, match="the store is away"):
            await lending.lender.renew(Claim("run", number, {}, wanted_usd=3.0))
    lending.store.is_refusing = False
    await lending.lender.renew(Claim("run", 3, {}, wanted_usd=3.0))

    said = [record.message for record in caplog.records]
    assert said == [
        "the run cannot be stored, so nothing is sent: the store is away",
        "the run is stored again",
    ]
    assert lending.stopping.reason is None


async def test_more_is_sealed_at_any_moment_and_nothing_more_is_lent(tmp_path: Path) -> None:
    lending = Lending(tmp_path)
    await lending.lender.renew(Claim("run", 1, {}, wanted_usd=3.0))
    append(lending.folder.journal_path, b'{"request_id":"b"}\n')

    await lending.lender.back_up()
    last = PartLog(lending.store).last()
    await lending.lender.back_up()

    assert PartLog(lending.store).last() == last == 3
    assert lending.lent_usd() == pytest.approx(3.0)


async def test_run_that_another_goes_on_with_is_stopped(tmp_path: Path) -> None:
    lending = Lending(tmp_path)
    begin(lending.folder, lending.store)

    with pytest.raises(RunInUseError):
        await lending.lender.renew(Claim("run", 1, {}))

    assert isinstance(lending.stopping.reason, RunInUseError)


async def test_store_knows_the_most_that_any_holder_may_spend_until_it_has_ended(
    tmp_path: Path,
) -> None:
    lending = Lending(tmp_path)

    await lending.lender.renew(Claim("workers", 1, {}, used_usd=2.0, wanted_usd=3.0))
    lease = await lending.lender.renew(Claim("run", 1, {}, used_usd=2.0, wanted_usd=1.0))
    append(lending.folder.journal_path, b'{"request_id":"b"}\n')
    await lending.lender.renew(Claim("run", 2, {}, used_usd=2.0, wanted_usd=1.0))
    lent_usd = lending.lent_usd()
    await lending.lender.close("workers", 0.0)
    append(lending.folder.journal_path, b'{"request_id":"c"}\n')
    await lending.lender.renew(Claim("run", 3, {}, used_usd=2.0, wanted_usd=1.0))

    assert lease.granted_usd == pytest.approx(3.0)
    assert lent_usd == pytest.approx(5.0)
    assert lending.lent_usd() == pytest.approx(3.0)
