import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.forked import ROOT_DIR
from tests.openai_server import RunningServer, start_openai_server
from tests.openai_server.ledger import hash_body


def post(server: RunningServer, text: str) -> tuple[int, bytes, bytes]:
    payload: dict[str, Any] = {"model": "gpt-6-luna"}
    payload["messages"] = [{"role": "user", "content": text}]
    sent = json.dumps(payload).encode()
    headers = {"Authorization": f"Bearer {server.api_key}", "Content-Type": "application/json"}
    request = urllib.request.Request(
        f"{server.base_url}/chat/completions", data=sent, headers=headers
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read(), sent
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), sent


def test_ledger_bills_and_requests_can_be_asked_from_outside() -> None:
    with start_openai_server({"api_keys": ["sk-another-key-0001"]}) as server:
        _, _, sent = post(server, "one")
        post(server, "two")
        post(server, "two")
        totals = server.control.settled_totals()
        bills = server.control.bills()
        requests = list(server.control.requests(page_size=2))

    assert (totals["calls"], totals["billed_bodies"], totals["delivered_twice"]) == (3, 2, 1)
    assert bills[hash_body(sent)]["billed"] == 1
    assert sorted(bill["billed"] for bill in bills.values()) == [1, 2]
    assert [request["number"] for request in requests] == [1, 2, 3]
    assert requests[0]["body"] == sent.decode()
    assert {request["key"] for request in requests} == {"...0001"}


def test_control_changes_faults_and_answers_during_an_outage() -> None:
    with start_openai_server() as server:
        server.control.configure(faults={"calls": {"1": "server_is_overloaded"}})
        overloaded = post(server, "one")
        server.control.configure(outage={"kind": "refused"})
        with pytest.raises(urllib.error.URLError, match="refused"):
            post(server, "two")
        during = server.control.totals()
        server.control.configure(outage=None)
        after = post(server, "two")

    assert (overloaded[0], b"server_is_overloaded" in overloaded[1]) == (503, True)
    assert during["calls"] == 1
    assert after[0] == 200


def test_reset_is_a_reset_also_under_the_process_loop() -> None:
    with start_openai_server({"faults": {"calls": {1: "reset_after"}}}) as server:
        with pytest.raises(ConnectionResetError):
            post(server, "one")
        post(server, "one")
        totals = server.control.settled_totals()

    assert (totals["lost_calls"], totals["billed_twice"], totals["delivered_twice"]) == (1, 1, 0)


def test_batches_files_jobs_and_their_bills_can_be_asked_from_outside() -> None:
    row: dict[str, Any] = {"custom_id": "r1", "method": "POST", "url": "/v1/chat/completions"}
    row["body"] = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": "hi"}]}
    content = json.dumps(row).encode()
    config = {"batches": {"others": 1}, "slow_faults": {"list_files": {"calls": {"1": "html"}}}}
    with (
        start_openai_server(config) as server,
        openai.OpenAI(api_key=server.api_key, base_url=server.base_url, max_retries=0) as client,
    ):
        file = client.files.create(file=("in.jsonl", content), purpose="batch")
        batch = client.batches.create(
            input_file_id=file.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={"run": "a"},
        )
        while client.batches.retrieve(batch.id).status != "completed":
            time.sleep(0.01)
        batches = server.control.batches()
        bills = server.control.batch_bills()
        calls = server.control.slow_calls()
        files = server.control.files()
        bodies = server.control.bills()
        jobs = server.control.jobs()
        server.control.configure(files={"hidden_calls": 1})
        hidden = client.files.create(file=("in.jsonl", content), purpose="batch")
        with pytest.raises(openai.NotFoundError):
            client.files.retrieve(hidden.id)

    assert [each["number"] for each in batches] == [None, 1]
    assert (batches[1]["id"], batches[1]["metadata"]) == (batch.id, {"run": "a"})
    assert (bills["r1"]["billed"], bills["r1"]["batches"]) == (1, [batch.id])
    assert bodies[bills["r1"]["body_hash"]]["billed"] == 1
    assert calls["create_batch"] == {"calls": 1, "200": 1}
    assert [each["purpose"] for each in files] == ["batch", "batch_output"]
    assert jobs == []


def test_unknown_setting_is_refused_by_name() -> None:
    with (
        start_openai_server() as server,
        pytest.raises(urllib.error.HTTPError, match="400") as refused,
    ):
        server.control.configure(fautls={})

    with refused.value as error:
        assert b"fautls" in error.read()


def test_process_ends_when_its_block_ends() -> None:
    with start_openai_server() as server:
        assert Path(f"/proc/{server.pid}").exists()

    assert not Path(f"/proc/{server.pid}").exists()


def test_wrong_configuration_file_ends_with_2_and_says_where(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"limits": {"*": {"requests_per_minute": -1}}}')

    ended = subprocess.run(
        [sys.executable, "-m", "tests.openai_server", "--config", str(path)],
        cwd=ROOT_DIR,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert "limits.*.requests_per_minute" in ended.stderr
    assert "Traceback" not in ended.stderr
