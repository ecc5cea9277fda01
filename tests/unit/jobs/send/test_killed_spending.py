"""What batches have cost, where the process that collects them is killed again and again."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from pathlib import Path

import pytest

from engine.files.sent_sums import read_sends
from engine.testing.calls import chat_request, completed
from jobs.send.result_files import ResultPaths, result_paths
from jobs.send.spending import FileSpending, open_spending
from schemas.outcomes import Outcome
from schemas.settings import RunSettings
from tests.rows import each_row

PRICES = {"m": {"input": 1.0, "output": 1.0}}
SETTINGS = RunSettings.model_validate({"prices": PRICES})
OUTCOMES = [
    completed(chat_request(name), lane="batch", cost_usd=usd)
    for name, usd in zip("abcd", [0.25, 0.5, 0.25, 0.125], strict=True)
]
TOTAL_USD = 1.125
GROUP = 2
PLACES = ("while it is counted", "before any is kept", "when one is kept", "when all are kept", "")
KILLS = [*product(PLACES[:-1], range(2)), (PLACES[-1], 0)]


class Killed(BaseException):
    """The process is killed here."""


class Collection:
    """Collects the outcomes that are not kept yet, group by group, as the desk does."""

    def __init__(self, paths: ResultPaths, kept: dict[str, Outcome]) -> None:
        self.paths = paths
        self.kept = kept

    def copy(self, paths: ResultPaths) -> "Collection":
        """The same in other files."""
        paths.sends.write_bytes(self.paths.sends.read_bytes())
        return Collection(paths, dict(self.kept))

    async def run(self, place: str, at_group: int, *, is_turned: bool) -> float:
        """Until it is killed in a group; returns what it knows to be spent."""
        with open_spending(self.paths, SETTINGS) as spending:
            spending.log.note_kept(self.kept.keys() & spending.log.unkept)
            left = [each for each in OUTCOMES if each.request_id not in self.kept]
            groups = in_groups(reversed(left) if is_turned else left)
            try:
                for number, group in enumerate(groups):
                    await self.collect(spending, group, place if number == at_group else "")
            except Killed:
                on_disk = self.paths.sends.read_bytes()
            else:
                return spending.budget.spent_usd
        self.paths.sends.write_bytes(on_disk)
        return 0.0

    async def collect(self, spending: FileSpending, group: Sequence[Outcome], place: str) -> None:
        before = self.paths.sends.stat().st_size

        async def keep_each(outcomes: Sequence[Outcome]) -> None:
            await asyncio.sleep(0)
            if place == PLACES[0]:
                data = self.paths.sends.read_bytes()
                self.paths.sends.write_bytes(data[: (before + len(data)) // 2])
            keeps = {PLACES[0]: 0, PLACES[1]: 0, PLACES[2]: 1}.get(place, len(outcomes))
            self.kept |= {each.request_id: each for each in outcomes[:keeps]}
            if place:
                raise Killed

        await spending.keeping_each(keep_each)(group)
        spending.budget.spent_usd += sum(each.cost_usd or 0.0 for each in group)


def in_groups(outcomes: Iterable[Outcome]) -> Iterator[list[Outcome]]:
    left = iter(outcomes)
    while group := list(islice(left, GROUP)):
        yield group


@each_row("first", KILLS)
async def test_batch_line_counts_once_wherever_two_kills_in_a_row_come(
    tmp_path: Path, first: tuple[str, int]
) -> None:
    begun = Collection(result_paths(tmp_path / "begun.jsonl"), {})
    await begun.run(*first, is_turned=False)
    for number, (second, is_turned) in enumerate(product(KILLS, [False, True])):
        collection = begun.copy(result_paths(tmp_path / f"{number}.jsonl"))

        await collection.run(*second, is_turned=is_turned)
        spent_usd = await collection.run("", 0, is_turned=not is_turned)

        assert spent_usd == pytest.approx(TOTAL_USD), (second, is_turned)
        sends = read_sends(collection.paths.sends)
        assert sends.paid_usd == pytest.approx(TOTAL_USD), (second, is_turned)
        assert not sends.unkept_usd


async def test_reply_that_was_kept_before_the_kill_makes_no_later_answer_free(
    tmp_path: Path,
) -> None:
    paths, outcome = result_paths(tmp_path / "out.jsonl"), OUTCOMES[0]
    collection = Collection(paths, {})
    await collection.run("when all are kept", 0, is_turned=False)
    with open_spending(paths, SETTINGS) as spending:
        spending.log.note_kept(collection.kept.keys() & spending.log.unkept)

    with open_spending(paths, SETTINGS) as spending:  # the failure was set aside, and asked again
        await spending.keeping_each(forget)([outcome])

    assert read_sends(paths.sends).paid_usd == pytest.approx(0.25 + 0.5 + 0.25)


async def test_line_of_a_request_that_was_sent_live_before_counts_once(tmp_path: Path) -> None:
    paths, outcome = result_paths(tmp_path / "out.jsonl"), OUTCOMES[0]
    with open_spending(paths, SETTINGS) as spending:
        await spending.log.sent("a", 1.0)
        spending.log.unbilled("a", 1.0)
        await spending.keeping_each(forget)([OUTCOMES[1]])

        with pytest.raises(Killed):
            await spending.keeping_each(killed)([outcome])

    with open_spending(paths, SETTINGS) as spending:
        await spending.keeping_each(forget)([outcome])

    assert read_sends(paths.sends).paid_usd == pytest.approx(0.25 + 0.5)


async def forget(outcomes: Sequence[Outcome]) -> None:
    """Keep it nowhere."""
    await asyncio.sleep(0)


async def killed(outcomes: Sequence[Outcome]) -> None:
    """Nothing is kept."""
    raise Killed
