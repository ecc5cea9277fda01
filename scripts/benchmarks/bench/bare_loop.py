"""The baseline of the benchmarks: aiohttp and orjson in a loop, without anything else.

    python scripts/benchmarks/bench/bare_loop.py IN.jsonl OUT.jsonl BASE_URL WORKERS [uvloop]

No limits, no retries, nothing durable: a line is read, sent, parsed and appended.
"""

import asyncio
import sys
from pathlib import Path

import aiohttp
import orjson


async def send_all(in_path: Path, out_path: Path, base_url: str, workers: int) -> None:
    """Send every line by as many workers, each reply appended to the output."""
    headers = {"Authorization": "Bearer sk-benchmark", "Content-Type": "application/json"}
    with in_path.open("rb") as requests, out_path.open("wb") as replies:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), headers=headers
        ) as session:

            async def work() -> None:
                for line in requests:
                    request = orjson.loads(line)
                    address = base_url + request["url"].removeprefix("/v1")
                    async with session.post(
                        address, data=orjson.dumps(request["body"])
                    ) as response:
                        body = orjson.loads(await response.read())
                    row = {"custom_id": request["custom_id"], "response": {"body": body}}
                    replies.write(orjson.dumps(row) + b"\n")

            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(work())


def main() -> None:
    """Read the arguments and run."""
    in_name, out_name, base_url, workers, *loop = sys.argv[1:]
    factory = None
    if loop:
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(send_all(Path(in_name), Path(out_name), base_url, int(workers)))


if __name__ == "__main__":
    main()
