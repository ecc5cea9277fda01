"""The lines of replies and of failures, in the form of the Batch API's files."""

import base64
import re
from typing import Any

from engine.files.jsonl_lines import id_key
from engine.wire.lenient_json import dump_json
from schemas.outcomes import Completed, Failed

LINE_ID = re.compile(
    rb'\{"custom_id":(?P<key>"[^"\\]*(?:\\.[^"\\]*)*"),"id":"(?P<line_id>req_[0-9a-f]+_\d+_(?P<sends>\d+))"'
)


def sends_count_in(line: bytes) -> int:
    """How far the log of sends was when a line was written; 0: it does not say."""
    found = LINE_ID.match(line)
    return int(found["sends"]) if found else 0


def encode_answer(outcome: Completed, line_id: str) -> bytes:
    """The line of a reply: the body as it was received, on one line."""
    custom_id, request_id = id_key(outcome.request_id), id_key(outcome.server_request_id)
    return (
        b'{"custom_id":%b,"id":"%b",'
        b'"response":{"status_code":200,"request_id":%b,"body":%b},"error":null}'
        % (custom_id, line_id.encode(), request_id, outcome.raw)
    )


def encode_failure(outcome: Failed, line_id: str) -> bytes:
    """The line of a failure, in the form of the Batch API.

    An HTTP error stands in the response's body; what failed without or in spite of a reply, in
    `error`. A reply that was paid for is kept, even if it cannot be used.
    """
    response: dict[str, Any] | None = None
    error: dict[str, Any] | None = {"code": outcome.code, "message": outcome.message}
    if outcome.raw:  # an unreadable reply
        response = {"status_code": outcome.status or 200, "request_id": "", **_as_text(outcome.raw)}
    elif outcome.status is not None:
        body: Any = outcome.reply
        if body is None:
            message = outcome.message.removeprefix(f"{outcome.status} {outcome.code}: ")
            body = {
                "error": {"message": message, "type": None, "param": None, "code": outcome.code}
            }
            error = None
        response = {"status_code": outcome.status, "request_id": "", "body": body}
    return dump_json(
        {"custom_id": outcome.request_id, "id": line_id, "response": response, "error": error}
    )


def _as_text(raw: bytes) -> dict[str, str]:
    """Bytes as a text; where they are none, as they are too."""
    try:
        return {"body": raw.decode()}
    except UnicodeDecodeError:
        encoded = base64.b64encode(raw).decode()
        return {"body": raw.decode(errors="replace"), "body_base64": encoded}
