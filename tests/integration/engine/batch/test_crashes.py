"""A process that dies at any call or look at the clock loses nothing and repeats nothing."""

from pathlib import Path

from engine.testing.calls import chat_request
from tests.unit.engine.batch.desks import Crash, Place, make_place, submit

IDS = ["a", "b", "c"]
FAR = 1_000


async def test_crash_anywhere_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    undisturbed = make_place(tmp_path)
    undisturbed.points.left = FAR
    while not await run_process(undisturbed):
        pass
    point_count = FAR - undisturbed.points.left

    for point in range(1, point_count + 1):
        place = make_place(tmp_path / str(point))
        place.points.left = point
        while not await run_process(place):
            pass

        assert place.points.left <= 0, "nobody crashed"
        assert place.settled.keys() == set(IDS)
        assert len(place.provider.batches) == 2
        assert place.provider.files == {}
        left_here = {path.name for path in (place.folder / "batches").iterdir()}
        assert left_here == {"outbox.jsonl", "attempts.jsonl"}


async def run_process(place: Place) -> bool:
    """One round, then the provider goes on; returns whether all is done."""
    try:
        async with place.open(max_requests=2) as bench:
            await bench.desk.collect()
            wanted = [i for i in IDS if i not in place.settled and not bench.desk.is_out(i)]
            await submit(bench.desk, *map(chat_request, wanted))
            is_done = not bench.desk.out
    except Crash:
        is_done = False
    place.provider.end_all()
    return is_done
