"""`distill send` in a pipe: requests or prompts come in, replies or texts go out, all are kept."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from tests.integration.jobs.send.sending import ROOT_DIR, TIMEOUT_S, Ended, calls, write_requests
from tests.integration.jobs.send.sending import send as send_file
from tests.openai_server import RunningServer, start_openai_server


@pytest.fixture
def environment(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", server.api_key)
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)


def pipe(given: bytes, *arguments: str | Path) -> Ended:
    """What the command wrote to standard output."""
    command = [sys.executable, "-m", "jobs", "send", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT_DIR, input=given, capture_output=True, timeout=TIMEOUT_S, check=False
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return Ended(done.returncode, done.stdout.decode())


@pytest.mark.usefixtures("environment")
def test_replies_in_a_pipe_are_kept_and_shown_again_without_being_bought(
    tmp_path: Path, server: RunningServer
) -> None:
    some = write_requests(tmp_path / "some.jsonl", ["a", "b"]).read_bytes()
    more = write_requests(tmp_path / "more.jsonl", ["a", "b", "c"])
    journal = tmp_path / "kept.jsonl"
    before = calls(server)

    first = pipe(some, "-", "--out", "-", "--journal", journal)
    again = pipe(b"", more, "--out", "-", "--journal", journal)

    assert (first.code, again.code) == (0, 0)
    shown = [orjson.loads(line) for line in again.said.splitlines()]
    assert {each["custom_id"] for each in shown} == {"a", "b", "c"}
    assert sorted(again.said.splitlines()) == sorted(journal.read_text().splitlines())
    assert set(first.said.splitlines()) < set(again.said.splitlines())
    assert calls(server) - before == 3


@pytest.mark.usefixtures("environment")
def test_reader_that_goes_away_costs_nothing(tmp_path: Path, server: RunningServer) -> None:
    source = write_requests(tmp_path / "in.jsonl", [f"r{number}" for number in range(80)])
    journal = tmp_path / "kept.jsonl"
    command = [sys.executable, "-m", "jobs", "send", str(source), "--out", "-"]
    command += ["--journal", str(journal)]
    before = calls(server)

    with subprocess.Popen(
        command, cwd=ROOT_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read().decode()
        code = process.wait(TIMEOUT_S)
    whole = pipe(b"", source, "--out", "-", "--journal", journal)

    assert code == 75, told
    assert "standard output: Broken pipe; all replies so far are kept" in told
    assert len(whole.said.splitlines()) == 80
    assert calls(server) - before == 80


@pytest.mark.usefixtures("environment")
def test_standard_error_that_takes_nothing_ends_no_call(tmp_path: Path) -> None:
    source = write_requests(tmp_path / "in.jsonl", ["a", "b"])
    out = tmp_path / "out.jsonl"

    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "jobs", "send", source, "--out", out],
            cwd=ROOT_DIR,
            stderr=full,
            check=False,
        )

    assert done.returncode == 0
    assert len(out.read_bytes().splitlines()) == 2


@pytest.mark.usefixtures("environment")
def test_closed_standard_output_is_taken_for_no_other_file(tmp_path: Path) -> None:
    source = write_requests(tmp_path / "in.jsonl", ["a", "b"])
    journal = tmp_path / "kept.jsonl"
    command = 'exec "$0" -m jobs send "$1" --out - --journal "$2" >&-'

    done = subprocess.run(
        ["sh", "-c", command, sys.executable, source, journal],
        cwd=ROOT_DIR,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode()
    assert len(journal.read_bytes().splitlines()) == 2


@pytest.mark.usefixtures("environment")
def test_prompts_in_a_pipe_become_texts_in_their_order(
    tmp_path: Path, server: RunningServer
) -> None:
    rows = b'{"name": "kiln"}\n{"name": "loom"}\n'
    model = ("--model", "gpt-6.1-terra", "--out", tmp_path / "kept.jsonl", "--text", "-")

    plain = pipe(b"What is a kiln?\nWhat is a loom?\n", "-", *model)
    filled = pipe(rows, "-", *model, "--template", "What is a {name}?")
    before = calls(server)
    again = pipe(b"What is a loom?\nWhat is a kiln?\n", "-", *model)

    assert (plain.code, filled.code, again.code) == (0, 0, 0)
    assert len(plain.said.splitlines()) == 2
    assert filled.said == plain.said  # the same prompts, so the same requests
    assert again.said.splitlines() == plain.said.splitlines()[::-1]
    assert calls(server) == before


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--out", "-"], "--journal FILE"),
        (["--out", "x.jsonl", "--journal", "y.jsonl"], "--journal is for --out -"),
        (["--out", "-", "--journal", "y.jsonl", "--lane", "batch"], "name a file"),
        (["--out", "-", "--journal", "y.jsonl", "--model", "m", "--text", "-"], "one of them"),
    ],
)
@pytest.mark.usefixtures("environment")
def test_what_does_not_go_together_is_one_message(
    tmp_path: Path, flags: list[str], told: str
) -> None:
    source = write_requests(tmp_path / "in.jsonl", ["a"])
    command = [sys.executable, "-m", "jobs", "send", str(source), *flags]

    done = subprocess.run(command, cwd=ROOT_DIR, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert told in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("scarcity", "live_below", "lanes"),
    [
        (0.0, 5, {"flex": 12}),
        (1.0, 5, {"batch": 12}),
        (1.0, 50, {"default": 12}),
        (0.0, 5, {"default": 12, "deadline": 1}),
    ],
)
def test_a_file_goes_as_it_pays(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scarcity: float,
    live_below: int,
    lanes: dict[str, int],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    source = write_requests(tmp_path / "in.jsonl", [f"r{number}" for number in range(12)])
    rules = {"batches": {"in_progress_s": 0.2}, "flex": {"scarcity": scarcity}}
    flags = [f"--set={each}" for each in ("limits.flex_patience_s=0.3", "batch.poll_s=0.1")]
    if lanes.pop("deadline", 0):
        flags.append(f"--deadline={datetime.now(UTC) + timedelta(minutes=2):%Y-%m-%dT%H:%M+00:00}")
    flags += [f"--set=batch.live_below_requests={live_below}", "--lane", "auto"]

    with start_openai_server(rules) as own:
        ended = send_file(own, source, tmp_path / "out.jsonl", *flags)
        again = send_file(own, source, tmp_path / "out.jsonl", *flags)
        billed = Counter(
            call["service_tier"] for call in own.control.requests() if call["is_billed"]
        )
        batched = sum(int(bill["billed"]) for bill in own.control.batch_bills().values())

    assert (ended.code, again.code) == (0, 0), ended.said
    assert "answered         12" in ended.said
    assert "settled before   12" in again.said
    assert {**billed, **({"batch": batched} if batched else {})} == lanes
