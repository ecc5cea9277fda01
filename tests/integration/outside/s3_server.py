"""A real server of the S3 protocol on loopback: SeaweedFS, with one bucket and one key."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import orjson
import s3fs
from botocore.exceptions import BotoCoreError

from jobs.send.sharded.outside.s3_store import S3Store
from jobs.send.sharded.outside.stores import S3Keys

BUCKET = "segments"
PORTS = 4  # of its parts, and each has another 10,000 above for gRPC
GRPC_ABOVE = 10_000
START_S = 60.0


class S3Server(NamedTuple):
    """Where it is, and what opens it."""

    keys: S3Keys
    pid: int
    reader: S3Keys  # may read and list, and no more

    @property
    def environment(self) -> dict[str, str]:
        assert self.keys.endpoint_url is not None
        return {
            "AWS_ACCESS_KEY_ID": self.keys.key_id,
            "AWS_SECRET_ACCESS_KEY": self.keys.secret,
            "AWS_ENDPOINT_URL": self.keys.endpoint_url,
            "AWS_REGION": "us-east-1",
        }

    @property
    def reader_environment(self) -> dict[str, str]:
        return {
            **self.environment,
            "AWS_ACCESS_KEY_ID": self.reader.key_id,
            "AWS_SECRET_ACCESS_KEY": self.reader.secret,
        }

    def url(self, prefix: str) -> str:
        return f"s3://{BUCKET}/{prefix}"

    def open_store(self, prefix: str) -> S3Store:
        return S3Store(self.url(prefix), self.keys)


def is_installed() -> bool:
    return _find_binary() is not None


@contextmanager
def start_s3_server() -> Iterator[S3Server]:
    folder = Path(tempfile.mkdtemp(prefix="s3-"))
    ports = _free_ports()
    keys = S3Keys(
        key_id="the-key-of-the-tests",
        secret=os.urandom(16).hex(),
        endpoint_url=f"http://127.0.0.1:{ports[0]}",
        region="us-east-1",
    )
    config_path = folder / "s3.json"
    reader = keys.model_copy(update={"key_id": "the-key-of-a-reader", "secret": "reads"})
    config_path.write_bytes(orjson.dumps(_identities(keys, reader)))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            _command(folder, config_path, ports),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _make_bucket(keys, process, folder / "log")
        yield S3Server(keys, process.pid, reader)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _identities(keys: S3Keys, reader: S3Keys) -> dict[str, object]:
    return {
        "identities": [
            _identity("tests", keys, ["Admin", "Read", "Write", "List", "Tagging"]),
            _identity("reader", reader, ["Read", "List"]),
        ]
    }


def _identity(name: str, keys: S3Keys, actions: list[str]) -> dict[str, object]:
    credentials = [{"accessKey": keys.key_id, "secretKey": keys.secret}]
    return {"name": name, "credentials": credentials, "actions": actions}


def _command(folder: Path, config_path: Path, ports: list[int]) -> list[str]:
    binary = _find_binary()
    assert binary is not None
    s3, master, volume, filer = ports
    return [
        binary,
        "-logtostderr=true",  # else logs stay in the folder for temporary files
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-master.port={master}",
        f"-volume.port={volume}",
        f"-filer.port={filer}",
        "-s3",
        f"-s3.port={s3}",
        f"-s3.config={config_path}",
        "-s3.port.iceberg=0",  # by themselves these have one port for all servers of a machine
        "-s3.port.lance=0",
        "-master.telemetry=false",
        "-master.electionTimeout=1s",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=20",
    ]


def _make_bucket(keys: S3Keys, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Make the bucket, and wait until something can be written to it."""
    until_s = time.monotonic() + START_S
    named = {"endpoint_url": keys.endpoint_url, "region_name": keys.region}
    files = s3fs.S3FileSystem(key=keys.key_id, secret=keys.secret, client_kwargs=named)
    while True:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            if not files.exists(BUCKET):
                files.mkdir(BUCKET)
            files.pipe_file(f"{BUCKET}/ready", b"ready")
        except (OSError, BotoCoreError):
            assert time.monotonic() < until_s, log.read_text(errors="replace")[-2000:]
            time.sleep(0.3)
        else:
            return


def _find_binary() -> str | None:
    places = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    return shutil.which("weed", path=os.pathsep.join(places))


def _free_ports() -> list[int]:
    """Ports that are free, and those above them too."""
    found: list[int] = []
    while len(found) < PORTS:
        with socket.socket() as low, socket.socket() as high:
            low.bind(("127.0.0.1", 0))
            port = low.getsockname()[1]
            if port + GRPC_ABOVE > 65_535:
                continue
            try:
                high.bind(("127.0.0.1", port + GRPC_ABOVE))
            except OSError:
                continue
            found.append(port)
    return found
