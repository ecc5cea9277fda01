"""The real model in its real child process, on loopback."""

import asyncio
import base64
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import orjson
import pytest
import pytest_asyncio

from engine.local.model import LocalModel
from engine.local.server import MOST_LLAMAS
from schemas.requests import Json
from tests.forked import DEVNULL, PIPE, ForkedProcess

pytestmark = pytest.mark.asyncio(loop_scope="module")

PARENT = """
import asyncio, signal, sys
from pathlib import Path
from typing import Any
from engine.local.model import LocalModel

async def main():
    async with LocalModel(Path(sys.argv[1])) as model:
        print(model.pid, flush=True)
        await asyncio.Event().wait()

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
asyncio.run(main())
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def model(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalModel]:
    async with LocalModel(tmp_path_factory.mktemp("model") / "local_model.log") as model:
        yield model


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session(model: LocalModel) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {model.api_key}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session


async def post(
    model: LocalModel, session: aiohttp.ClientSession, path: str, body: dict[str, Json]
) -> tuple[int, Any]:
    async with session.post(f"{model.base_url}/{path}", json=body) as reply:
        return reply.status, await reply.json()


def chat_body(model: LocalModel) -> dict[str, Json]:
    return {
        "model": model.chat_model,
        "messages": [{"role": "user", "content": "Is a pipe a file?"}],
        "temperature": 0,
        "seed": 0,
        "max_completion_tokens": 40,
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "answer",
                "strict": True,
                "schema": {
                    "type": "object",
                    "properties": {"answer": {"type": "string", "pattern": "^(Yes|No)[.]$"}},
                    "required": ["answer"],
                    "additionalProperties": False,
                },
            },
        },
    }


async def test_chat_honours_the_schema_and_bills_tokens(
    model: LocalModel, session: aiohttp.ClientSession
) -> None:
    body = chat_body(model)

    status, first = await post(model, session, "chat/completions", body)
    _, again = await post(model, session, "chat/completions", body)

    assert status == 200
    assert first["model"] == model.chat_model
    assert orjson.loads(_content(first))["answer"] in ("Yes.", "No.")
    assert _content(first) == _content(again)
    usage = first["usage"]
    assert isinstance(usage, dict)
    assert isinstance(usage["prompt_tokens"], int)
    assert usage["prompt_tokens"] > 10


async def test_calls_at_once_are_answered_as_alone(
    model: LocalModel, session: aiohttp.ClientSession
) -> None:
    body = chat_body(model)

    _, alone = await post(model, session, "chat/completions", body)
    replies = await asyncio.gather(
        *(post(model, session, "chat/completions", body) for _ in range(4))
    )

    assert [_content(reply) for _, reply in replies] == [_content(alone)] * 4


async def test_the_output_limit_is_kept_and_named(
    model: LocalModel, session: aiohttp.ClientSession
) -> None:
    body = chat_body(model) | {"max_completion_tokens": 2}

    _, reply = await post(model, session, "chat/completions", body)

    assert reply["choices"][0]["finish_reason"] == "length"


async def test_embeddings_are_unit_vectors_that_carry_meaning(
    model: LocalModel, session: aiohttp.ClientSession
) -> None:
    texts: list[Json] = ["a cat on a mat", "a kitten on a rug", "the law of income tax"]

    status, reply = await post(
        model, session, "embeddings", {"model": model.embedding_model, "input": texts}
    )

    vectors = np.array([entry["embedding"] for entry in reply["data"]])
    assert status == 200
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.5 > 0.3 > vectors[0] @ vectors[2]


async def test_base64_is_the_same_vector_whatever_its_neighbours(
    model: LocalModel, session: aiohttp.ClientSession
) -> None:
    alone: dict[str, Json] = {"model": model.embedding_model, "input": "a cat"}
    in_company: dict[str, Json] = {
        "model": model.embedding_model,
        "input": ["a long text about the law of income tax and its history", "a cat"],
        "encoding_format": "base64",
    }

    _, one = await post(model, session, "embeddings", alone)
    _, two = await post(model, session, "embeddings", in_company)

    floats = one["data"][0]["embedding"]
    text = two["data"][1]["embedding"]
    decoded = np.frombuffer(base64.b64decode(text), dtype="<f4")
    assert decoded.tolist() == floats


async def test_both_models_are_listed(model: LocalModel, session: aiohttp.ClientSession) -> None:
    async with session.get(f"{model.base_url}/models") as reply:
        listed = await reply.json()

    assert {entry["id"] for entry in listed["data"]} == {model.chat_model, model.embedding_model}


@pytest.mark.parametrize("key", [None, "Bearer wrong", "Bearer \u00e9"])
@pytest.mark.parametrize("path", ["models", "embeddings", "chat/completions"])
async def test_nobody_is_served_without_the_key(
    model: LocalModel, path: str, key: str | None
) -> None:
    headers = {"Authorization": key} if key else {}
    method = "GET" if path == "models" else "POST"

    async with (
        aiohttp.ClientSession(headers=headers) as stranger,
        stranger.request(method, f"{model.base_url}/{path}") as reply,
    ):
        body = await reply.json()

    assert reply.status == 401
    assert body["error"]["code"] == "invalid_api_key"


REFUSED: list[tuple[str, dict[str, Json], int, str]] = [
    ("chat/completions", {"model": "gpt-6"}, 404, "model_not_found"),
    ("embeddings", {"model": "gpt-6", "input": "a"}, 404, "model_not_found"),
    ("embeddings", {"model": "all-MiniLM-L6-v2", "input": []}, 400, "invalid_value"),
    ("embeddings", {"model": "all-MiniLM-L6-v2", "input": [1, 2]}, 400, "invalid_value"),
    ("embeddings", {"model": "all-MiniLM-L6-v2", "input": ["a", ""]}, 400, "invalid_value"),
]


@pytest.mark.parametrize(("path", "body", "status", "code"), REFUSED)
async def test_what_it_cannot_do_it_says_as_the_api_would(
    model: LocalModel,
    session: aiohttp.ClientSession,
    path: str,
    body: dict[str, Json],
    status: int,
    code: str,
) -> None:
    got_status, reply = await post(model, session, path, body)

    assert got_status == status
    assert reply["error"]["code"] == code


async def test_the_key_is_seen_in_no_process_list_and_no_log(
    model: LocalModel, tmp_path_factory: pytest.TempPathFactory
) -> None:
    process = Path(f"/proc/{model.pid}")

    shown = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    logs = b"".join(path.read_bytes() for path in tmp_path_factory.getbasetemp().rglob("*.log"))

    assert model.api_key.encode() not in shown + logs


async def test_it_listens_on_loopback_only(model: LocalModel) -> None:
    inodes = {
        fd.readlink().name.removeprefix("socket:[").removesuffix("]")
        for fd in Path(f"/proc/{model.pid}/fd").iterdir()
        if fd.readlink().name.startswith("socket:")
    }

    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    rows = [line.split() for lines in tables for line in lines]
    listening = [row[1] for row in rows if row[3] == "0A" and row[9] in inodes]

    llama_count = min(os.cpu_count() or 1, MOST_LLAMAS)
    assert len(listening) == 1 + llama_count  # the front, and llama.cpp behind a key of its own
    assert all(address.startswith("0100007F:") for address in listening)


async def test_the_child_is_gone_when_the_block_is_left_with_a_call_in_flight(
    tmp_path: Path,
) -> None:
    async with LocalModel(tmp_path / "log") as model, aiohttp.ClientSession() as session:
        endless = {
            "model": model.chat_model,
            "messages": [{"role": "user", "content": "Count up for ever: 1, 2, 3"}],
            "max_completion_tokens": 5000,
            "ignore_eos": True,  # of llama.cpp: it writes on after its end of text
        }
        headers = {"Authorization": f"Bearer {model.api_key}"}
        call = asyncio.create_task(
            session.post(f"{model.base_url}/chat/completions", json=endless, headers=headers)
        )
        await asyncio.sleep(0.5)
        assert not call.done()
    with pytest.raises(aiohttp.ClientError):
        await call

    assert not Path(f"/proc/{model.pid}").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_the_child_ends_by_itself_when_its_parent_is_killed(
    number: signal.Signals, tmp_path: Path
) -> None:
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    parent = ForkedProcess([str(program), str(tmp_path / "log")], stdout=PIPE, stderr=DEVNULL)
    assert parent.stdout is not None
    with parent.stdout:
        child = Path(f"/proc/{int(parent.stdout.readline())}")
    assert child.exists()

    parent.send_signal(number)

    parent.wait(timeout=10)
    async with asyncio.timeout(10):
        while child.exists() and "\nState:\tZ" not in (child / "status").read_text():
            await asyncio.sleep(0.02)


async def test_ctrl_c_on_the_terminal_is_not_for_the_child(model: LocalModel) -> None:
    assert os.getsid(model.pid) == model.pid != os.getsid(0)


def _content(reply: Any) -> str:
    return str(reply["choices"][0]["message"]["content"])
