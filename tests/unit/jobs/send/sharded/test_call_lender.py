import shutil
from pathlib import Path

import pytest

from engine.errors import StorageError
from engine.lease.claims import Claim
from jobs.send.sharded.call_lender import CallLender, LendingOrder


def call_in(tmp_path: Path, name: str) -> LendingOrder:
    (tmp_path / name).mkdir()
    path = tmp_path / name / "leases.jsonl"
    return LendingOrder(path, cap_usd=10.0, spent_usd=1.0, holder_count=1, is_borrowing=False)


async def test_one_that_was_killed_goes_on_from_the_log_of_each_call_it_is_asked_about(
    tmp_path: Path,
) -> None:
    first, second = call_in(tmp_path, "first"), call_in(tmp_path, "second")
    killed = CallLender()
    await killed.renew(first, Claim("a", 1, {}, wanted_usd=6.0))
    await killed.renew(second, Claim("b", 1, {}, wanted_usd=2.0))

    lender = CallLender()
    of_first = await lender.renew(first, Claim("other", 1, {}, wanted_usd=9.0))
    of_second = await lender.renew(second, Claim("other", 1, {}, wanted_usd=9.0))
    await lender.revoke(second, "b")
    await lender.close(second, "b", 1.5)

    assert (of_first.granted_usd, of_second.granted_usd) == (3.0, 7.0)
    assert (await lender.renew(second, Claim("b", 2, {}))).is_over
    assert (await lender.demand(second)).used_usd == 9.5


async def test_call_that_has_ended_is_lent_nothing_more_by_one_that_goes_on_with_the_next(
    tmp_path: Path,
) -> None:
    ended, next_one = call_in(tmp_path, "ended"), call_in(tmp_path, "next")
    lender = CallLender()
    await lender.renew(ended, Claim("a", 1, {}))
    shutil.rmtree(ended.path.parent)

    await lender.renew(next_one, Claim("b", 1, {}))

    with pytest.raises(StorageError):
        await lender.renew(ended, Claim("a", 2, {}))
    assert not ended.path.parent.exists()
