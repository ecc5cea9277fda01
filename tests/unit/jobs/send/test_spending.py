import asyncio
from pathlib import Path

import pytest

from engine.files.sends import read_sends
from engine.testing.calls import chat_request, completed
from jobs.send.result_files import result_paths
from jobs.send.spending import open_spending
from schemas.outcomes import Outcome
from schemas.settings import RunSettings

BUDGET = RunSettings.model_validate({"budget": {"usd": 1.0}})


async def forget(outcome: Outcome) -> None:
    """Keep it nowhere."""
    await asyncio.sleep(0)


async def test_what_a_batch_cost_outlives_a_kill_right_after_its_reply_is_kept(
    tmp_path: Path,
) -> None:
    paths = result_paths(tmp_path / "out.jsonl")
    with open_spending(paths, BUDGET) as killed:
        await killed.keeping(forget)(completed(chat_request("a"), lane="batch", cost_usd=0.25))
        on_disk = paths.sends.read_bytes()
    closed = read_sends(paths.sends)
    paths.sends.write_bytes(on_disk)

    with open_spending(paths, BUDGET) as resumed:
        spent_usd = resumed.budget.spent_usd

    assert spent_usd == pytest.approx(0.25)
    assert (closed.paid_usd, closed.out_usd) == (0.25, {})
