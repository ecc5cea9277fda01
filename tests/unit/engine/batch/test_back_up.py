"""Where the ledger is kept elsewhere too, nothing goes out before it is there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import TransientError
from engine.testing.calls import chat_request
from tests.unit.engine.batch.desks import Place, make_place, submit

AWAY = TransientError("the store is away", code="not_sealed")


class Keeper:
    """What is called to have the files kept elsewhere; `look` is done then."""

    def __init__(self) -> None:
        self.look: Callable[[], None] = lambda: None
        self.is_away = False

    async def __call__(self) -> None:
        if self.is_away:
            raise AWAY
        self.look()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path)


async def test_ledger_is_backed_up_before_a_file_goes_out_and_before_its_batch_is_made(
    place: Place,
) -> None:
    keeper, seen = Keeper(), list[tuple[int, int, str]]()

    async with place.open(back_up=keeper) as bench:

        def look() -> None:
            files, batches = len(place.provider.files), len(place.provider.batches)
            seen.append((files, batches, bench.desk.ledger.get("000001").remote.file_id))

        keeper.look = look
        await submit(bench.desk, chat_request("a"))

    assert [(files, batches) for files, batches, _ in seen] == [(0, 0), (1, 0)]
    assert seen[1][2]


async def test_nothing_goes_out_while_the_ledger_cannot_be_backed_up(place: Place) -> None:
    keeper = Keeper()

    async with place.open(back_up=keeper) as bench:
        keeper.is_away = True
        with pytest.raises(TransientError, match="the store is away"):
            await submit(bench.desk, chat_request("a"))
        went_out = (len(place.provider.files), len(place.provider.batches))
        keeper.is_away = False
        await bench.desk.collect()

    assert went_out == (0, 0)
    assert (len(place.provider.files), len(place.provider.batches)) == (1, 1)


async def test_money_of_a_batch_is_free_only_once_it_is_known_what_the_batch_cost(
    place: Place,
) -> None:
    keeper, held_usd = Keeper(), list[float]()

    async with place.open(back_up=keeper, cap_usd=10.0) as bench:
        await submit(bench.desk, chat_request("a"))
        place.provider.end("000001")
        keeper.look = lambda: held_usd.append(bench.budget.held_usd)
        await bench.desk.collect()

    assert len(held_usd) == 1
    assert held_usd[0] > 0.0
    assert bench.budget.held_usd == 0.0
    assert bench.desk.ledger.get("000001").is_collected
