"""`distill send` starts fast: it imports what sends live, and nothing of what it does not need."""

import os
import subprocess
import sys
from pathlib import Path

import orjson

from engine.batch.packing.outbox import Spooled
from engine.batch.packing.packer import batch_line
from engine.testing.batch_provider import answered_line
from engine.testing.calls import chat_request
from tests.rows import each_row

ELSEWHERE = {
    "docutils",
    "engine.batch.ledger",
    "engine.batch.packing.outbox",
    "genai_prices",
    "jobs.dataset",
    "jobs.documents",
    "jobs.settings.run_config",
    "numpy",
    "openai",
    "quicktok",
    "schemas.batches",
    "schemas.dataset",
    "tomli_w",
}
SEND = "import sys, jobs.__main__ as d; sys.argv[1:] = {arguments}; d.main()"
SHOW = "import atexit, sys; atexit.register(lambda: print(*sys.modules)); "
REQUEST = batch_line(Spooled.of(chat_request("a")))
REPLY = orjson.dumps({"custom_id": "a", **answered_line("a")}) + b"\n"


@each_row("content, settled", [(b"", b""), (REQUEST, REPLY)])
def test_a_live_call_imports_nothing_of_batches_documents_or_other_jobs(
    tmp_path: Path, content: bytes, settled: bytes
) -> None:
    requests, out = tmp_path / "requests.jsonl", tmp_path / "replies.jsonl"
    requests.write_bytes(content)
    out.write_bytes(settled)
    arguments = ["send", str(requests), "--out", str(out), "--base-url", "http://127.0.0.1:9/v1"]

    ended = subprocess.run(
        [sys.executable, "-c", SHOW + SEND.format(arguments=arguments)],
        env={**os.environ, "OPENAI_API_KEY": "sk-of-the-test", "OPENAI_BASE_URL": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    imported = set(ended.stdout.split())
    assert "jobs.send.lanes.requests" in imported
    assert not imported & ELSEWHERE
