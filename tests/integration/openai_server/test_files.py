"""The Files API of the stand-in, read by the official client over real sockets."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.integration.openai_server.clients import served
from tests.openai_server import Faults, FileRules

UPLOAD = ("in.jsonl", b'{"a": 1}\n')


async def test_file_is_uploaded_listed_read_and_deleted() -> None:
    async with served() as (_, client):
        file = await client.files.create(file=UPLOAD, purpose="batch")
        found = await client.files.retrieve(file.id)
        content = await client.files.content(file.id)
        listed = [each.id async for each in client.files.list(purpose="batch")]
        others = [each.id async for each in client.files.list(purpose="fine-tune")]
        deleted = await client.files.delete(file.id)
        with pytest.raises(openai.NotFoundError, match="No such File object"):
            await client.files.retrieve(file.id)

    assert (file.filename, file.bytes, file.status) == ("in.jsonl", 9, "processed")
    assert found == file
    assert file.expires_at == file.created_at + 30 * 86_400
    assert content.content == UPLOAD[1]
    assert (listed, others) == ([file.id], [])
    assert deleted.deleted


async def test_large_file_passes_through_disk_unchanged() -> None:
    payload = bytes(range(256)) * 40_000

    async with served() as (_, client):
        file = await client.files.create(file=("big.jsonl", payload), purpose="batch")
        async with client.files.with_streaming_response.content(file.id) as response:
            received = b"".join([part async for part in response.iter_bytes()])

    assert received == payload


async def test_listing_is_paged_newest_first_among_other_peoples_files() -> None:
    async with served(files=FileRules(others=3, others_between=1)) as (server, client):
        ours = [(await client.files.create(file=UPLOAD, purpose="batch")).id for _ in range(3)]
        newest_first = [file.id async for file in client.files.list(limit=2)]
        oldest_first = [file.id async for file in client.files.list(limit=4, order="asc")]
        stranger = (await client.files.list(limit=1)).data[0]
        with pytest.raises(openai.NotFoundError):
            await client.files.content(stranger.id)
        calls = server.slow_calls.counts()["list_files"]["calls"]

    assert len(newest_first) == 9
    assert newest_first == oldest_first[::-1]
    assert [each for each in oldest_first if each in ours] == ours
    assert calls == 5 + 3 + 1


async def test_upload_is_not_found_for_some_calls() -> None:
    async with served(files=FileRules(hidden_calls=2)) as (_, client):
        file = await client.files.create(file=UPLOAD, purpose="batch")
        unlisted = (await client.files.list()).data
        for _ in range(2):
            with pytest.raises(openai.NotFoundError):
                await client.files.retrieve(file.id)
        found = await client.files.retrieve(file.id)

    assert unlisted == []
    assert found.id == file.id


@pytest.mark.parametrize(
    ("purpose", "name", "message"),
    [("cooking", "in.jsonl", "Invalid 'purpose'"), ("batch", "in.txt", "Must be .jsonl")],
)
async def test_wrong_upload_is_refused_and_not_kept(purpose: Any, name: str, message: str) -> None:
    async with served() as (server, client):
        with pytest.raises(openai.BadRequestError, match=message):
            await client.files.create(file=(name, b"{}"), purpose=purpose)
        kept: Iterator[Any] = server.files.all()

    assert list(kept) == []


async def test_faults_count_by_operation_and_reset_after_keeps_the_file() -> None:
    faults = {
        "upload_file": Faults(calls={1: "reset_before", 2: "reset_after", 3: "server_error"}),
        "download_file": Faults(calls={1: "cut_off"}),
        "delete_file": Faults(calls={1: "reset_after"}),
    }
    async with served(slow_faults=faults) as (server, client):
        for expected in (openai.APIConnectionError,) * 2 + (openai.InternalServerError,):
            with pytest.raises(expected):
                await client.files.create(file=UPLOAD, purpose="batch")
        (kept,) = (await client.files.list()).data
        with pytest.raises(openai.APIConnectionError):
            await client.files.content(kept.id)
        whole = await client.files.content(kept.id)
        with pytest.raises(openai.APIConnectionError):
            await client.files.delete(kept.id)
        counts = server.slow_calls.counts()
        left = (await client.files.list()).data

    assert whole.content == UPLOAD[1]
    assert left == []
    assert counts["upload_file"] == {"calls": 3, "0": 2, "500": 1}
    assert counts["download_file"] == {"calls": 2, "200": 2}


async def test_upload_that_breaks_off_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with served() as (server, client):
        _, writer = await asyncio.open_connection("127.0.0.1", int(client.base_url.port or 0))
        writer.write(
            b"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n"
            b"Authorization: Bearer sk-test-double\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n{"a"'
        )
        await writer.drain()
        while not server.slow_calls.counts():
            await asyncio.sleep(0.01)
        writer.close()
        await writer.wait_closed()
        file = await client.files.create(file=UPLOAD, purpose="batch")
        listed = [each.id for each in (await client.files.list()).data]
        stored = list(tmp_path.glob("*/*"))

    assert listed == [file.id]
    assert len(stored) == 1
    assert list(tmp_path.iterdir()) == []


async def test_slow_calls_need_the_key() -> None:
    async with served() as (server, client):
        with pytest.raises(openai.AuthenticationError):
            await client.with_options(api_key="sk-wrong").files.list()

    assert server.slow_calls.counts()["list_files"] == {"calls": 1, "401": 1}
