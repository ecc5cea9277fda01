"""`distill audit` and `distill clean`: real runs, tampered with, against the stand-in."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from engine.batch.client import OWNER_KEY, BatchClient
from engine.clock import SystemClock
from engine.files.lock import WriterLock
from engine.wire.endpoints import Endpoint
from jobs.settings.run_config import require_run_id
from tests.crash.batch_jobs import MODEL, SERVER, SETTINGS
from tests.crash.runs import comparable_files, finish, start, write_documents
from tests.forked import run_forked
from tests.openai_server import RunningServer, start_openai_server

NO_WAIT = ("--lane", "batch", "--no-wait")


class Told(NamedTuple):
    code: int
    text: str


@pytest.fixture(autouse=True)
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(scope="module")
def shared_server() -> Iterator[RunningServer]:
    with start_openai_server(SERVER) as running:
        yield running


@pytest.fixture
def server(shared_server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> RunningServer:
    monkeypatch.setenv("OPENAI_API_KEY", shared_server.api_key)
    monkeypatch.setenv("OPENAI_BASE_URL", shared_server.base_url)
    return shared_server


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents") / "documents"
    write_documents(folder, ("LICENSE",))
    return folder


@pytest.fixture(scope="module")
def complete(
    tmp_path_factory: pytest.TempPathFactory, shared_server: RunningServer, documents: Path
) -> Path:
    folder = tmp_path_factory.mktemp("complete") / "run"
    code, output = finish(start(shared_server, folder, "--documents", str(documents), *SETTINGS))
    assert code == 0, output
    return folder


@pytest.fixture
def run_dir(tmp_path: Path, server: RunningServer, complete: Path) -> Path:
    """A complete run."""
    return shutil.copytree(complete, tmp_path / "run")


def distill(*arguments: str | Path) -> Told:
    done = run_forked(["-m", "jobs", *map(str, arguments)])
    assert "Traceback" not in done.stderr
    return Told(done.returncode, done.stdout + done.stderr)


def test_sound_run_passes_and_nothing_is_written(run_dir: Path, server: RunningServer) -> None:
    before = {path: path.read_bytes() for path in run_dir.rglob("*") if path.is_file()}

    told = distill("audit", run_dir, "--provider")

    assert told.code == 0, told.text
    assert "settled, each once" in told.text
    assert "holds nothing of this run that is not needed or not known" in told.text
    assert {path: path.read_bytes() for path in run_dir.rglob("*") if path.is_file()} == before


def repeat_last(path: Path) -> None:
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(keepends=True)[-1])


def drop_last(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def settle_last_again(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    again = lines[-1].replace(b'"attempts":1', b'"attempts":2')
    assert again != lines[-1]
    path.write_bytes(b"".join([*lines, again]))


def charge_double(path: Path) -> None:
    first, *rest = path.read_bytes().splitlines()
    cost = b'"cost_usd":'
    head, _, tail = first.partition(cost)
    usd, _, tail = tail.partition(b",")
    doubled = head + cost + repr(2 * float(usd)).encode() + b"," + tail
    path.write_bytes(b"\n".join([doubled, *rest]) + b"\n")


@pytest.mark.parametrize(
    ("name", "harm", "code", "text"),
    [
        ("journal.jsonl", settle_last_again, 1, "1 requests are settled twice"),
        ("journal.jsonl", drop_last, 1, "results come from requests that are not in the journal"),
        ("journal.jsonl", charge_double, 0, "1 requests cost $-0.0"),
        ("answers.jsonl", drop_last, 1, "1 results of ended items are missing"),
        ("finished/questions.jsonl", repeat_last, 1, "1 items ended twice"),
        ("finished/questions.jsonl", drop_last, 1, "1 items did not end, though the run is"),
        ("dataset/train.jsonl", drop_last, 1, "of provenance: `distill run` writes both"),
    ],
)
def test_what_does_not_agree_is_told(
    run_dir: Path, name: str, harm: Callable[[Path], None], code: int, text: str
) -> None:
    harm(run_dir / name)

    told = distill("audit", run_dir)

    assert told.code == code, told.text
    assert text in told.text


def test_run_that_is_not_done_says_what_is_left_and_passes(
    tmp_path: Path, server: RunningServer, documents: Path
) -> None:
    run_dir = tmp_path / "run"
    arguments = ("--documents", str(documents), *SETTINGS, "--budget-usd", "0.011")
    code, _ = finish(start(server, run_dir, *arguments))

    told = distill("audit", run_dir)

    assert code == 3
    assert told.code == 0, told.text
    assert "are still to be done" in told.text


def test_batches_that_are_out_pass_and_one_that_is_out_twice_does_not(
    tmp_path: Path, server: RunningServer, documents: Path
) -> None:
    run_dir = tmp_path / "run"
    code, output = finish(
        start(server, run_dir, "--documents", str(documents), *SETTINGS, *NO_WAIT)
    )

    sound = distill("audit", run_dir, "--provider")
    ledger = run_dir / "batches.jsonl"
    events = [orjson.loads(line) for line in ledger.read_bytes().splitlines()]
    copies = [
        {**event, "event_id": f"{number:08d}", "batch": "000077"}
        for number, event in enumerate(events, start=len(events) + 1)
        if event["batch"] == "000001"
    ]
    ledger.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in [*events, *copies]))
    packed = run_dir / "batches" / "000001.jsonl"
    (run_dir / "batches" / "000077.jsonl").write_bytes(packed.read_bytes())
    twice = distill("audit", run_dir)

    assert code == 75, output
    assert sound.code == 0, sound.text
    assert twice.code == 1
    assert "requests are out in two batches" in twice.text


async def leave_orphan(server: RunningServer, run_id: str, path: Path) -> None:
    """A batch of this run that its ledger does not know."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]}
    line = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body}
    path.write_bytes(orjson.dumps(line) + b"\n")
    endpoint = Endpoint(server.base_url, server.api_key)
    client = BatchClient(endpoint, timeout_s=20, clock=SystemClock())
    async with aclosing(client):
        file_id = await client.upload(path, f"distill-{run_id}-000099-abc.jsonl")
        await client.create(file_id, "/v1/chat/completions", {OWNER_KEY: run_id})


def test_orphans_at_the_provider_are_told_and_cleaned_away(
    run_dir: Path, server: RunningServer, tmp_path: Path
) -> None:
    server.control.configure(batches={**SERVER["batches"], "in_progress_s": 60})
    run_id = require_run_id(run_dir / "config.toml")
    asyncio.run(leave_orphan(server, run_id, tmp_path / "orphan.jsonl"))

    told = distill("audit", run_dir, "--provider")
    shown = distill("clean", run_dir, "--provider")
    still = distill("audit", run_dir, "--provider")
    cleaned = distill("clean", run_dir, "--provider", "--yes")
    after = distill("audit", run_dir, "--provider")
    server.control.configure(batches=SERVER["batches"])

    assert told.code == still.code == 1
    assert "batches of this run that it does not know" in told.text
    assert f"file distill-{run_id}-000099-abc.jsonl" in shown.text
    assert cleaned.code == 0, cleaned.text
    assert "distill-" not in after.text
    names = [str(file["filename"]) for file in server.control.files()]
    assert not [name for name in names if name.startswith(f"distill-{run_id}-")]


def test_what_is_derived_is_made_again_without_a_request(
    run_dir: Path, server: RunningServer
) -> None:
    before = comparable_files(run_dir)
    calls = server.control.settled_totals()["calls"]
    (run_dir / "journal.jsonl.reserve").touch()
    (run_dir / "repeats" / "shards").mkdir(parents=True)

    shown = distill("clean", run_dir, "--derived")
    unchanged = comparable_files(run_dir)
    done = distill("clean", run_dir, "--derived", "--yes")
    left = {path.name for path in run_dir.glob("*.jsonl")}
    code, output = finish(start(server, run_dir))

    assert "give --yes to do it" in shown.text
    assert "journal.jsonl.reserve: left by a crash" in shown.text
    assert "repeats: left by a crash" in shown.text
    assert not (run_dir / "repeats").exists()
    assert unchanged == before
    assert done.code == 0, done.text
    assert not left & {"chunks.jsonl", "questions.jsonl", "answers.jsonl", "documents.jsonl"}
    assert {"journal.jsonl", "sends.jsonl"} <= left
    assert code == 0, output
    assert comparable_files(run_dir) == before
    assert server.control.settled_totals()["calls"] == calls


def test_journal_goes_with_the_whole_run_alone_and_not_while_batches_are_out(
    tmp_path: Path, server: RunningServer, documents: Path, run_dir: Path
) -> None:
    out = tmp_path / "out"
    finish(start(server, out, "--documents", str(documents), *SETTINGS, *NO_WAIT))

    refused = distill("clean", out, "--all", "--yes")
    shown = distill("clean", run_dir, "--all")
    with WriterLock(run_dir / "lock"):
        held = distill("clean", run_dir, "--all", "--yes")
    assert (run_dir / "journal.jsonl").exists()
    done = distill("clean", run_dir, "--all", "--yes")

    assert refused.code == 2
    assert "batches are out" in refused.text
    assert "what was paid for" in shown.text
    assert held.code == 75
    assert done.code == 0, done.text
    assert not run_dir.exists()


def test_folder_that_is_no_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").touch()

    told = distill("clean", tmp_path, "--all", "--yes")

    assert told.code == 2
    assert (tmp_path / "journal.jsonl").exists()
    assert distill("audit", tmp_path).code == 2
