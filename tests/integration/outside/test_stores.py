"""Both stores keep what they promise: a bucket on a real server, and a folder."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("s3fs")

from engine.errors import ConfigError, TransientError
from jobs.send.sharded.outside.s3_store import S3Store
from jobs.send.sharded.outside.stores import FolderStore, S3Keys, Store
from tests.integration.outside.partly_refusing import BUCKET as REFUSING_BUCKET
from tests.integration.outside.partly_refusing import start_refusing
from tests.integration.outside.s3_server import BUCKET, S3Server

RIVALS = 8

OpenStore = Callable[[], Store]


@pytest.fixture(params=["folder", "s3"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    if request.param == "folder":
        return lambda: FolderStore(tmp_path)
    server: S3Server = request.getfixturevalue("s3_server")
    return lambda: server.open_store(tmp_path.name)


def test_of_many_who_write_a_name_one_succeeds_and_may_try_again(open_store: OpenStore) -> None:
    store, won = open_store(), list[bytes]()
    start = threading.Barrier(RIVALS)

    def write(data: bytes) -> None:
        own = open_store()
        start.wait()
        if own.put_new("call/shard/00001-owner", data):
            won.append(data)

    rivals = [threading.Thread(target=write, args=(b"%d" % number,)) for number in range(RIVALS)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()

    assert len(won) == 1
    assert store.get("call/shard/00001-owner") == won[0]
    assert store.put_new("call/shard/00001-owner", won[0])
    assert not store.put_new("call/shard/00001-owner", b"late")


def test_files_go_there_and_back_are_listed_by_their_beginning_and_removed(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store, given = open_store(), tmp_path / "given.jsonl"
    given.write_bytes(b'{"a":1}\n' * 3)

    store.upload(given, "call/inputs/given.jsonl")
    store.put_new("call/shard-1/00001-00000001", b"part")
    store.put_new("call/shard-10/00001-00000001", b"other")
    store.download("call/inputs/given.jsonl", tmp_path / "back.jsonl")

    assert (tmp_path / "back.jsonl").read_bytes() == given.read_bytes()
    assert store.get("call/shard-1/00001-00000002") is None
    assert store.names("call/shard-1/") == ["call/shard-1/00001-00000001"]
    assert len(store.names("call/")) == 3
    store.remove("call/shard-1/")
    assert store.names("call/shard-1/") == store.names("nowhere/") == []
    store.remove("call/")
    assert store.names("call/") == []


def test_wrong_key_and_silence_are_told_without_the_key(s3_server: S3Server) -> None:
    keys, url = s3_server.keys, f"s3://{BUCKET}/any"
    wrong = keys.model_copy(update={"secret": "not-the-secret"})
    silent = keys.model_copy(update={"endpoint_url": "http://127.0.0.1:9"})

    with pytest.raises(ConfigError, match="refused") as refused:
        S3Store(url, wrong).put_new("name", b"")
    with pytest.raises(TransientError, match="Could not connect"):
        S3Store(url, silent).get("name")

    assert "not-the-secret" not in str(refused.value)
    assert keys.secret not in repr(keys)
    assert keys.key_id not in repr(keys)


def refused_store(url: str) -> Store:
    keys = S3Keys(key_id="an-id", secret="a-secret", endpoint_url=url, region="us-east-1")
    return S3Store(f"s3://{REFUSING_BUCKET}/runs", keys)


def test_objects_that_a_host_leaves_of_many_to_be_removed_are_removed_one_by_one() -> None:
    names = {"runs/call/a", "runs/call/b"}

    with start_refusing(names) as url:
        refused_store(url).remove("call/")

    assert names == set()


def test_host_that_removes_nothing_is_told() -> None:
    with start_refusing({"runs/call/a"}, is_strict=True) as url:
        store = refused_store(url)
        with pytest.raises(ConfigError, match="may read, write, list and delete there"):
            store.remove("call/")
