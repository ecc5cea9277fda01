"""nginx (Debian) on loopback, answering every request with one completion of 700 bytes."""

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

REPLY_BYTES = 700
READY_S = 10.0
_CONF = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 10000000;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            default_type application/json;
            return 200 '{reply}';
        }}
    }}
}}
"""


@contextmanager
def nginx_server(folder: Path) -> Iterator[str]:
    """Run nginx while the block lasts; yields the base URL. `folder` takes its files.

    Raises:
        SystemExit: nginx is not installed.
    """
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if program is None:
        raise SystemExit("nginx is not installed: apt-get install nginx-light")
    port = _free_port()
    conf_path = folder / "nginx.conf"
    conf_path.write_text(_CONF.format(folder=folder, port=port, reply=_make_reply().decode()))
    process = subprocess.Popen([program, "-e", str(folder / "error.log"), "-c", str(conf_path)])
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{port}/v1/models", folder)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()


def _make_reply() -> bytes:
    message = {"role": "assistant", "content": "", "refusal": None}
    reply = {
        "id": "chatcmpl-benchmark",
        "object": "chat.completion",
        "created": 1_795_000_000,
        "model": "gpt-6.1-terra",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 210,
            "completion_tokens": 90,
            "total_tokens": 300,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        },
    }
    missing = REPLY_BYTES - len(orjson.dumps(reply))
    message["content"] = ("word " * missing)[:missing]
    return orjson.dumps(reply)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str, folder: Path) -> None:
    deadline_s = time.monotonic() + READY_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310 - loopback
        except urllib.error.URLError:
            time.sleep(0.05)
        else:
            return
    log = (folder / "error.log").read_text() if (folder / "error.log").exists() else ""
    raise SystemExit(f"nginx did not start on loopback: {log}")
