"""Lines of requests, good ones and bad ones."""

from pathlib import Path

import orjson


def line(custom_id: object = "a", **changes: object) -> bytes:
    """A line as the Batch API takes it; a change of `...` leaves that field out."""
    fields = {
        "custom_id": custom_id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "m", "messages": [{"role": "user", "content": str(custom_id)}]},
    }
    fields = {name: value for name, value in (fields | changes).items() if value is not ...}
    return orjson.dumps(fields)


def write(path: Path, *lines: bytes) -> Path:
    path.write_bytes(b"".join(text + b"\n" for text in lines))
    return path
