import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.errors import DamagedLogError
from engine.files.sent_sums import read_sends
from engine.testing.calls import chat_request, completed
from jobs.send.result_files import ResultFiles, ResultPaths, result_paths
from jobs.send.spending import open_spending
from schemas.outcomes import Outcome
from schemas.settings import RunSettings

PRICES = {"m": {"input": 1.0, "output": 1.0}}
BUDGET = RunSettings.model_validate({"budget": {"usd": 1.0}, "prices": PRICES})
NO_BUDGET = RunSettings.model_validate({"prices": PRICES})


async def forget(outcomes: Sequence[Outcome]) -> None:
    """Keep it nowhere."""
    await asyncio.sleep(0)


async def test_what_a_batch_cost_outlives_a_kill_right_after_its_reply_is_kept(
    tmp_path: Path,
) -> None:
    paths = result_paths(tmp_path / "out.jsonl")
    with open_spending(paths, BUDGET) as killed:
        await killed.keeping_each(forget)(
            [completed(chat_request("a"), lane="batch", cost_usd=0.25)]
        )
        on_disk = paths.sends.read_bytes()
    closed = read_sends(paths.sends)
    paths.sends.write_bytes(on_disk)

    with open_spending(paths, BUDGET) as resumed:
        spent_usd = resumed.budget.spent_usd

    assert spent_usd == pytest.approx(0.25)
    assert (closed.paid_usd, closed.out_usd) == (0.25, {})


async def spend(paths: ResultPaths, settings: RunSettings, name: str) -> None:
    """Send one request and keep its reply, as a call of `distill send` does."""
    with open_spending(paths, settings) as spending:
        async with ResultFiles(paths) as results:
            results.follow_sends(lambda: spending.log.written_count)
            async with spending.budget.send(chat_request(name)) as send:
                await send.begin()
                send.pay(0.01)
            await spending.keeping(results.keep)(completed(chat_request(name), cost_usd=0.01))


async def test_log_of_sends_that_lost_its_last_lines_is_noticed(tmp_path: Path) -> None:
    paths = result_paths(tmp_path / "out.jsonl")
    for name in "abc":
        await spend(paths, BUDGET, name)
    lines = paths.sends.read_bytes().splitlines(keepends=True)
    paths.sends.write_bytes(b"".join(lines[:2]))

    with pytest.raises(DamagedLogError, match=r"last lines are missing, .*: 3\. .* delete it"):
        await spend(paths, BUDGET, "d")


async def test_log_of_sends_that_lost_a_line_between_others_is_noticed(tmp_path: Path) -> None:
    paths = result_paths(tmp_path / "out.jsonl")
    for name in "abc":
        await spend(paths, BUDGET, name)
    lines = paths.sends.read_bytes().splitlines(keepends=True)

    for number in range(1, len(lines) - 1):
        paths.sends.write_bytes(b"".join([*lines[:number], *lines[number + 1 :]]))
        with pytest.raises(DamagedLogError, match=r"lines between others are missing, .*: 1\. "):
            await spend(paths, BUDGET, "d")


async def test_without_a_budget_missing_sends_are_told_and_it_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = result_paths(tmp_path / "out.jsonl")
    await spend(paths, NO_BUDGET, "a")
    paths.sends.write_bytes(b"")

    await spend(paths, NO_BUDGET, "b")
    await spend(paths, BUDGET, "c")

    assert caplog.text.count("its last lines are missing") == 1


async def test_log_of_sends_that_was_deleted_on_purpose_begins_anew(tmp_path: Path) -> None:
    paths = result_paths(tmp_path / "out.jsonl")
    await spend(paths, BUDGET, "a")
    paths.sends.unlink()

    with open_spending(paths, BUDGET) as spending:
        await spending.log.sent("killed", 0.5)
    with open_spending(paths, BUDGET) as resumed:
        spent_usd = resumed.budget.spent_usd

    assert spent_usd == pytest.approx(0.5)


async def test_replies_of_older_versions_say_nothing_of_the_log(tmp_path: Path) -> None:
    paths = result_paths(tmp_path / "out.jsonl")
    paths.answers.write_bytes(b'{"custom_id":"a","id":"req_0a1b2c3d_7","response":null}\n')
    paths.sends.write_bytes(b'{"event_id":"00000001","step":"paid","request_id":"a","usd":0.5}\n')

    with open_spending(paths, BUDGET) as spending:
        assert spending.budget.spent_usd == pytest.approx(0.5)


async def test_batch_lines_that_were_counted_and_not_kept_before_a_kill_count_once(
    tmp_path: Path,
) -> None:
    paths = result_paths(tmp_path / "out.jsonl")
    first, second = (
        completed(chat_request(name), lane="batch", cost_usd=0.25) for name in ("a", "b")
    )
    with open_spending(paths, BUDGET) as killed:
        keep = killed.keeping_each(forget)
        await keep([first])

        with pytest.raises(asyncio.CancelledError):
            await killed.keeping_each(cancelled)([second])

    with open_spending(paths, BUDGET) as resumed:
        await resumed.keeping_each(forget)([second])
        resumed.budget.spent_usd += 0.25  # as the desk does with what was collected
        spent_usd = resumed.budget.spent_usd

    assert spent_usd == pytest.approx(0.5)
    assert read_sends(paths.sends).paid_usd == pytest.approx(0.5)


async def test_request_that_a_later_batch_answers_once_more_counts_twice(tmp_path: Path) -> None:
    paths = result_paths(tmp_path / "out.jsonl")
    outcome = completed(chat_request("a"), lane="batch", cost_usd=0.25)

    for _ in range(2):  # its failure was set aside between
        with open_spending(paths, BUDGET) as spending:
            await spending.keeping_each(forget)([outcome])

    assert read_sends(paths.sends).paid_usd == pytest.approx(0.5)


async def test_large_log_is_folded_with_what_is_not_known_to_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = result_paths(tmp_path / "out.jsonl")
    outcome = completed(chat_request("a"), lane="batch", cost_usd=0.25)
    with open_spending(paths, BUDGET) as killed, pytest.raises(asyncio.CancelledError):
        await killed.keeping_each(cancelled)([outcome])
    monkeypatch.setattr("engine.files.sends.FOLD_ABOVE_BYTES", 0)

    for _ in range(2):
        with open_spending(paths, BUDGET):
            pass
    with open_spending(paths, BUDGET) as resumed:
        await resumed.keeping_each(forget)([outcome])

    assert read_sends(paths.sends).paid_usd == pytest.approx(0.25)


async def cancelled(outcomes: Sequence[Outcome]) -> None:
    """The process is killed before anything is kept."""
    raise asyncio.CancelledError
