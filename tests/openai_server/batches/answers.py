"""Answers the requests of a batch in a shuffled order, into an output and an error file."""

import mmap
import random
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson

from tests.openai_server.batches.batch import Batch
from tests.openai_server.batches.bills import BatchBills, line_of
from tests.openai_server.batches.validation import Sound
from tests.openai_server.config import Faults
from tests.openai_server.errors import ApiError
from tests.openai_server.faults import Fault, FaultPlan
from tests.openai_server.ledger import hash_body
from tests.openai_server.malformed import malformed_line
from tests.openai_server.paid.api import PaidApi, PaidCall
from tests.openai_server.slices import Slices
from tests.openai_server.slow.config import BatchRules, LineFault

_HTTP: dict[LineFault, Fault] = {
    "http_400": "invalid_request",
    "http_429": "rate_limit_exceeded",
    "http_500": "server_error",
}
_SPOILT: dict[LineFault, Fault] = {
    "length": "length",
    "refusal": "refusal",
    "content_filter": "content_filter",
}
_TIMEOUT = {"code": "request_timeout", "message": "The request timed out."}
_UNANSWERED = {
    "expired": {
        "code": "batch_expired",
        "message": "This request could not be executed before the completion window expired.",
    },
    "cancelled": {
        "code": "batch_cancelled",
        "message": "This request was not executed because the batch was cancelled.",
    },
}


class Input(NamedTuple):
    """What is answered, and how."""

    path: Path
    sound: Sound
    area: PaidApi
    rules: BatchRules


class BatchRun:
    """Writes the lines of one batch. The counts of the batch are those of what is written."""

    def __init__(self, batch: Batch, given: Input, bills: BatchBills) -> None:
        self._batch = batch
        self._given = given
        self._bills = bills
        self._random = random.Random(f"{given.rules.seed} {batch.number}")
        self._plan = FaultPlan(Faults())
        self._repeated: list[bytes] = []

    async def write(self, output: Path, errors: Path, share: float, ending: str) -> None:
        """Answer `share` of the requests; the rest is said to be unanswered, if it is said."""
        starts = self._given.sound.starts
        order = list(range(len(starts) - 1))
        self._random.shuffle(order)
        answered = round(len(order) * share)
        with (
            self._given.path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines,
            output.open("wb") as output_file,
            errors.open("wb") as error_file,
        ):
            slices = Slices()
            for position, index in enumerate(order):
                request = orjson.loads(lines[starts[index] : starts[index + 1]])
                if position < answered:
                    self._answer(request, output_file, error_file)
                elif self._given.rules.unanswered == "error_file":
                    self._write(error_file, request, None, _UNANSWERED[ending])
                if slices.is_used:
                    await slices.breathe()
            output_file.writelines(self._repeated)

    def _answer(self, request: dict[str, Any], output: BinaryIO, errors: BinaryIO) -> None:
        fault = _drawn(self._random, self._given.rules.line_faults)
        if fault in ("request_timeout", "status_0"):
            self._batch.failed += 1
            response = None if fault == "request_timeout" else self._response(request, 0, {})
            self._write(errors, request, response, None if response else _TIMEOUT)
            return
        try:
            self._plan.raise_error(_HTTP.get(fault) if fault else None)
            payload = self._billed(request, _SPOILT.get(fault) if fault else None)
        except ApiError as error:
            self._batch.failed += 1
            self._write(errors, request, self._response(request, error.status, error.body()), None)
            return
        self._batch.completed += 1
        if fault == "missing":
            return
        response = self._response(request, 200, payload)
        line = self._write(output, request, response, None, fault)
        if fault == "duplicate":
            self._repeated.append(line)
        if fault == "unknown_custom_id":
            stranger = {"custom_id": f"{request['custom_id']}-unknown"}
            self._write(output, stranger, self._response(stranger, 200, payload), None)

    def _billed(self, request: dict[str, Any], fault: Fault | None) -> Any:
        body, model, area = request["body"], self._given.sound.model, self._given.area
        area.reserved_tokens(body, model)
        body_hash = hash_body(orjson.dumps(body))
        answer = area.answer(PaidCall(body, model, 0, body_hash, area.look_up(body, model)))
        line = line_of(self._batch.id, request["custom_id"], body_hash, model.id, answer)
        self._bills.enter(line, is_kept=self._given.rules.keeps_bills)
        tokens = self._batch.tokens
        tokens.prompt += answer.prompt_tokens
        tokens.completion += answer.completion_tokens
        tokens.cached += answer.cached_tokens
        return area.spoil(answer, fault).payload

    def _response(self, request: dict[str, Any], status: int, body: Any) -> dict[str, Any]:
        request_id = f"req_{self._batch.number}_{request['custom_id']}" if status else ""
        return {"status_code": status, "request_id": request_id, "body": body}

    def _write(
        self,
        file: BinaryIO,
        request: dict[str, Any],
        response: Any,
        error: Any,
        fault: LineFault | None = None,
    ) -> bytes:
        line = orjson.dumps(
            {
                "id": f"batch_req_{self._batch.number}_{request['custom_id']}",
                "custom_id": request["custom_id"],
                "response": response,
                "error": error,
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )
        file.write(malformed_line(fault, line))
        return line


def _drawn(uniform: random.Random, shares: dict[LineFault, float]) -> LineFault | None:
    if not shares:
        return None
    draw = uniform.random()
    for fault, share in shares.items():
        draw -= share
        if draw < 0:
            return fault
    return None
