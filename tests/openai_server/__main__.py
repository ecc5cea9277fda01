"""The stand-in as a process: one JSON line on stdout when ready, ends on SIGINT or SIGTERM."""

import argparse
import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from tests.openai_server.config import ServerConfig
from tests.openai_server.server import OpenAIServer

_PARENT_CHECK_S = 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until told to stop. Exit 2 for a configuration that cannot be used."""
    arguments = _parser().parse_args(argv)
    try:
        config = _read_config(arguments.config)
    except (OSError, ValidationError) as error:
        print(f"config: {arguments.config}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    parent = os.getppid() if arguments.with_parent else None
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(config, arguments.port, parent))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("tests.openai_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--config", metavar="FILE.json", help="ServerConfig; - reads stdin")
    parser.add_argument("--with-parent", action="store_true", help="end when the parent is gone")
    return parser


def _read_config(path: str | None) -> ServerConfig:
    if path is None:
        return ServerConfig()
    text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    return ServerConfig.model_validate_json(text)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


async def _serve(config: ServerConfig, port: int, parent: int | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with OpenAIServer(config, port=port) as server:
        urls = {"base_url": server.base_url, "control_url": server.control_url}
        print(json.dumps(urls | {"pid": os.getpid()}), flush=True)  # noqa: T201
        while not stop.is_set() and parent in (None, os.getppid()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _PARENT_CHECK_S)


if __name__ == "__main__":
    sys.exit(main())
