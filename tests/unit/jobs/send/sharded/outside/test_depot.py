"""What the command finds out of a store, and what it leaves there."""

import shutil
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.errors import ConfigError, OutageError, QuotaError
from jobs.send.sharded.gather import take_all_over
from jobs.send.sharded.outside.depot import (
    Depot,
    InFolder,
    Input,
    place_call,
    place_of,
    put_or_remove,
    reach_store,
    remove_if_untouched,
    try_store,
)
from jobs.send.sharded.outside.stores import FolderStore, StoreOrder
from jobs.send.sharded.shards import REQUESTS_NAME, ShardedCall


@pytest.fixture
def order(tmp_path: Path) -> StoreOrder:
    (tmp_path / "store").mkdir()
    return StoreOrder(url=(tmp_path / "store").as_uri())


@pytest.fixture
def call(tmp_path: Path) -> ShardedCall:
    folder = tmp_path / "shards" / "call" / "shard-00000"
    folder.mkdir(parents=True)
    (folder / REQUESTS_NAME).write_bytes(b"{}\n")
    return ShardedCall(folder.parent)


def test_store_is_tried_and_nothing_stays_there(order: StoreOrder, tmp_path: Path) -> None:
    reach_store(None)
    reach_store(order)

    assert FolderStore(tmp_path / "store").names("") == []


class OverwritingStore(FolderStore):
    """As a host that knows no conditional put."""

    def put_new(self, name: str, data: bytes) -> bool:
        self.remove(name.rpartition("/")[0])
        return super().put_new(name, data)


def test_store_that_writes_over_what_is_there_is_refused(tmp_path: Path) -> None:
    store = OverwritingStore(tmp_path)

    with pytest.raises(ConfigError, match="file:///any: writes over an object"):
        try_store(store, "file:///any")

    assert store.names("") == []


def test_store_that_is_gone_is_told(order: StoreOrder, tmp_path: Path) -> None:
    (tmp_path / "store").rmdir()

    with pytest.raises(ConfigError, match="has no such folder"):
        reach_store(order)


def test_call_goes_there_with_its_inputs_and_is_found_again_by_what_is_noted(
    order: StoreOrder, call: ShardedCall, tmp_path: Path
) -> None:
    (tmp_path / "chunks.jsonl").write_bytes(b"chunks\n")

    placed = place_call(call, order, [Input("run/chunks.jsonl", tmp_path / "chunks.jsonl")])
    again = place_of(call.folder, {})

    store = FolderStore(tmp_path / "store")
    assert isinstance(placed, Depot)
    assert isinstance(again, Depot)
    assert again.url == placed.url == f"{order.url}/call/"
    assert store.names("call/") == [
        "call/inputs/run/chunks.jsonl",
        f"call/shard-00000/{REQUESTS_NAME}",
    ]
    remove_if_untouched(again)
    assert store.names("") == []
    assert not call.folder.exists()


def test_call_that_somebody_has_begun_stays(
    order: StoreOrder, call: ShardedCall, tmp_path: Path
) -> None:
    placed = place_call(call, order)
    placed.call.shards()[0].take_over()

    remove_if_untouched(placed)

    assert call.folder.exists()
    assert FolderStore(tmp_path / "store").get("call/shard-00000/00001-owner")


class SilentPlace(InFolder):
    """One whose store does not answer."""

    def is_untouched(self) -> bool:
        raise OutageError("the store is away")


def test_store_that_does_not_answer_is_told_where_nothing_else_ended_the_call(
    call: ShardedCall,
) -> None:
    with pytest.raises(OutageError, match="the store is away"):
        remove_if_untouched(SilentPlace(call))


def test_store_that_does_not_answer_hides_not_what_ended_the_call(
    call: ShardedCall, caplog: pytest.LogCaptureFixture
) -> None:
    remove_if_untouched(SilentPlace(call), QuotaError("no credit"))

    assert "is left to the next command: the store is away" in caplog.text
    assert call.folder.exists()


def test_call_that_cannot_go_there_is_removed(
    order: StoreOrder, call: ShardedCall, tmp_path: Path
) -> None:
    (tmp_path / "store" / "call").write_bytes(b"in the way")

    with pytest.raises(OutageError, match="the same command again goes on"):
        place_call(call, order)

    assert not call.folder.exists()


def test_what_was_put_before_something_failed_is_removed_there_too(
    order: StoreOrder, call: ShardedCall, tmp_path: Path
) -> None:
    (tmp_path / "chunks.jsonl").write_bytes(b"chunks\n")
    inputs = [
        Input("run/chunks.jsonl", tmp_path / "chunks.jsonl"),
        Input("run/questions.jsonl", tmp_path / "nowhere.jsonl"),
    ]

    with pytest.raises(OutageError, match="the same command again goes on"):
        place_call(call, order, inputs)

    assert FolderStore(tmp_path / "store").names("") == []
    assert not call.folder.exists()


class StuckDepot(Depot):
    """One whose store stops answering while the call is put there."""

    def remove(self) -> None:
        raise OutageError("the store is away")


def test_what_cannot_be_removed_there_is_named(
    order: StoreOrder, call: ShardedCall, tmp_path: Path
) -> None:
    missing = Input("run/chunks.jsonl", tmp_path / "nowhere.jsonl")

    with pytest.raises(
        OutageError, match=f"No such file.*; what was put below {order.url}/call/ is"
    ):
        put_or_remove(StuckDepot(call.folder, order), [missing])

    assert not call.folder.exists()


async def test_store_that_goes_while_a_call_is_taken_over_is_told_as_any_other(
    order: StoreOrder, call: ShardedCall, tmp_path: Path
) -> None:
    place_call(call, order)
    shutil.rmtree(tmp_path / "store" / "call")
    (tmp_path / "store" / "call").write_bytes(b"in the way")

    with pytest.raises(OutageError, match="what was paid for is kept, the same command again"):
        await take_all_over(place_of(call.folder, {}), SystemClock())


def test_call_without_a_store_lies_where_it_is(call: ShardedCall) -> None:
    assert isinstance(place_call(call, None), InFolder)
    assert isinstance(place_of(call.folder, {}), InFolder)
    assert place_of(call.folder, {}).lent_usd() == {}
