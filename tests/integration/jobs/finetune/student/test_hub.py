"""A student named as the hub names it is fetched from there, and only what is needed of it."""

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.unit.jobs.finetune.student.tiny_students import make_folder

NAME = "someone/Tiny2.5-0.1B-Instruct"  # names of the hub have dots
COMMIT = "0123456789abcdef0123456789abcdef01234567"
MOST_S = 120.0
PROGRAM = """
import sys
from jobs.finetune.student.source.find_student import find_student
student = find_student(sys.argv[1])
print(student.name, student.shape.parameter_count, len(dict(student.weights())))
"""


class Hub:
    """Serves one repository as the hub does: its list of files, and each of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.fetched: list[str] = []

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get(f"/api/models/{NAME}/revision/{{revision}}", self._describe)
        app.router.add_get(f"/api/models/{NAME}/tree/{{revision}}", self._list)
        app.router.add_get(f"/{NAME}/resolve/{{revision}}/{{file}}", self._send)
        return app

    async def _describe(self, _request: web.Request) -> web.Response:
        files = [{"rfilename": path.name} for path in sorted(self._folder.iterdir())]
        return web.json_response({"id": NAME, "sha": COMMIT, "siblings": files})

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response(
            [
                {"type": "file", "path": path.name, "size": path.stat().st_size, "oid": path.name}
                for path in sorted(self._folder.iterdir())
            ]
        )

    async def _send(self, request: web.Request) -> web.Response:
        file = request.match_info["file"]
        data = (self._folder / file).read_bytes()
        if request.method == "GET":
            self.fetched.append(file)
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(data).hexdigest()}"'}
        return web.Response(body=data, headers=headers)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[tuple[Hub, str]]:
    folder = make_folder(tmp_path / "repository")
    (folder / "pytorch_model.bin").write_bytes(b"may run programs")
    kept = Hub(folder)
    async with TestServer(kept.app()) as server:
        yield kept, str(server.make_url("")).rstrip("/")


async def test_a_student_of_the_hub_is_fetched_and_read(
    tmp_path: Path, hub: tuple[Hub, str]
) -> None:
    kept, address = hub
    found = await _find(NAME, {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "home")})
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home")}
    again = await _find(NAME, offline)

    assert found.stdout.split() == ["Tiny2.5-0.1B-Instruct", "79872", "20"], found.stderr
    assert again.stdout == found.stdout  # from the cache, without a network
    assert sorted(kept.fetched) == [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]


async def test_a_student_that_the_hub_does_not_have_is_one_message(
    tmp_path: Path, hub: tuple[Hub, str]
) -> None:
    _, address = hub

    found = await _find(
        "someone/Other1.5", {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "home")}
    )

    assert "student 'someone/Other1.5': is no file or folder here" in found.stderr
    assert "cannot be fetched from the hub" in found.stderr


async def _find(name: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    given = {**os.environ, "HF_HUB_DISABLE_TELEMETRY": "1", **environment}
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", PROGRAM, name],
        capture_output=True,
        text=True,
        env=given,
        timeout=MOST_S,
        check=False,
    )
