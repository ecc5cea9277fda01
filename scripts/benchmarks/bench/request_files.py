"""Writes files of requests in the Batch API's format, as many and as large as wanted."""

from pathlib import Path

import orjson

MODEL = "gpt-6.1-terra"
BODY_BYTES = 1024
OUTPUT_LIMIT = 200

_WORDS = b"a line about journals, limits, replies and the time that it takes to write them down; "


def write_requests(
    path: Path,
    count: int,
    *,
    first: int = 0,
    body_bytes: int = BODY_BYTES,
    output_limit: int = OUTPUT_LIMIT,
) -> Path:
    """Write `count` requests, numbered from `first`, with bodies of `body_bytes`."""
    head = orjson.dumps(_body("", output_limit))
    fill = (_WORDS * (body_bytes // len(_WORDS) + 1)).decode()
    with path.open("wb", buffering=1 << 20) as file:
        for number in range(first, first + count):
            text = f"{number:09d} {fill}"[: max(10, body_bytes - len(head))]
            line = {
                "custom_id": f"request-{number:09d}",
                "method": "POST",
                "url": "/v1/chat/completions",
                "body": _body(text, output_limit),
            }
            file.write(orjson.dumps(line) + b"\n")
    return path


def _body(text: str, output_limit: int) -> dict[str, object]:
    return {
        "model": MODEL,
        "messages": [{"role": "user", "content": text}],
        "max_completion_tokens": output_limit,
    }
