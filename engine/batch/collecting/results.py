"""One line of a batch's results, read: an outcome, a try in vain, or a request that comes back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from engine.batch.collecting.attempts import attempt_id
from engine.clock import Clock
from engine.errors import TRUNCATED, FatalError, RequestError, TransientError
from engine.wire.endpoints import Endpoint
from engine.wire.prices import Price
from engine.wire.replies import (
    Ending,
    HttpResponse,
    check_reply,
    read_ending,
    read_error,
    read_usage,
    useless_reply,
)
from engine.wire.server_text import scrub
from schemas.batches import Batch, BatchAttempt
from schemas.outcomes import Completed, Failed, Usage
from schemas.requests import Json, Url

UNTRIED_CODES = frozenset({"batch_expired", "batch_cancelled"})  # OpenAI Batch guide

NO_RESULT = "no_result"


class Back(NamedTuple):
    """The request was not tried, or nobody's can succeed (`reason`); it goes back as it was."""

    reason: FatalError | None = None


class Asked(NamedTuple):
    """A request of a batch: what was tried before, and whether its output limit can be enlarged."""

    request_id: str
    attempts: Sequence[BatchAttempt]
    has_output_limit: bool


Result = Completed | Failed | BatchAttempt | Back


class ResultReader:
    """Reads the lines of output and error files. Pure but for the time of day."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        price: Price,
        price_share: float,
        max_attempts: int,
        enlarges_truncated: bool,
        clock: Clock,
    ) -> None:
        self._endpoint = endpoint
        self._price = price
        self._price_share = price_share
        self._max_attempts = max_attempts
        self._enlarges_truncated = enlarges_truncated
        self._clock = clock

    def read(self, fields: dict[str, Any], batch: Batch, asked: Asked) -> Result:
        """How the request `asked` ended in `batch`; `fields` is its line (OpenAI Batch guide)."""
        response, error = fields.get("response"), fields.get("error")
        if not isinstance(response, dict):
            code = _text(error, "code") or "malformed_reply"
            if code in UNTRIED_CODES:
                return Back()
            return self._again(code, _text(error, "message"), batch, asked)
        status, body = response.get("status_code"), response.get("body")
        if not isinstance(status, int) or status < 100:
            return self._again("malformed_reply", f"status {status!r}", batch, asked)
        raw = orjson.dumps(body)
        try:
            if status != 200:
                raise read_error(HttpResponse(status, {}, raw), self._endpoint, self._clock)
            reply = check_reply(body, _url(batch), self._endpoint)
        except RequestError as refusal:
            return self._failed(refusal.code, str(refusal), refusal.status, batch, asked)
        except TransientError as failure:
            return self._again(failure.code, str(failure), batch, asked)
        except FatalError as fatal:
            return Back(fatal)
        return self._paid(reply, raw, str(response.get("request_id") or ""), batch, asked)

    def read_missing(self, batch: Batch, asked: Asked) -> Result:
        """How the request `asked` ended, of which the files of a completed batch say nothing."""
        return self._again(NO_RESULT, "the batch ended without a result for it", batch, asked)

    def _paid(
        self, reply: dict[str, Json], raw: bytes, server_request_id: str, batch: Batch, asked: Asked
    ) -> Result:
        usage, ending = read_usage(reply), read_ending(reply)
        cost_usd = self._cost_usd(batch, usage)
        if ending == "length" and not self._enlarges_truncated:
            ending = "complete"
        if ending != "complete":
            return self._useless(ending, reply, raw, usage, batch, asked)
        return Completed(
            request_id=asked.request_id,
            model=str(batch.facts.model),
            purpose=str(batch.facts.purpose),
            lane="batch",
            attempts=len(asked.attempts) + 1,
            usage=usage,
            cost_usd=cost_usd,
            latency_s=_latency_s(batch, self._clock),
            settled_at=self._clock.utc_now().isoformat(),
            reply=reply,
            raw=raw,
            server_request_id=server_request_id,
        )

    def _useless(
        self,
        ending: Ending,
        reply: dict[str, Json],
        raw: bytes,
        usage: Usage,
        batch: Batch,
        asked: Asked,
    ) -> Result:
        """A reply that was paid for but is no answer: cut off, or a refusal."""
        cost_usd = self._cost_usd(batch, usage)
        was_enlarged = any(attempt.code == TRUNCATED for attempt in asked.attempts)
        if ending == "length" and asked.has_output_limit and not was_enlarged:
            attempt = self._attempt(TRUNCATED, "cut off by its output limit", batch, asked)
            return attempt.model_copy(
                update={
                    "prompt_tokens": usage.prompt_tokens,
                    "completion_tokens": usage.completion_tokens,
                    "cached_tokens": usage.cached_tokens,
                    "cost_usd": cost_usd,
                    "reply": raw.decode(),
                }
            )
        failed = self._failed(
            *useless_reply(ending, reply, str(batch.facts.purpose)), 200, batch, asked
        )
        return replace(failed, usage=usage, cost_usd=cost_usd, reply=reply)

    def _again(self, code: str, message: str, batch: Batch, asked: Asked) -> Result:
        tries = sum(attempt.code != TRUNCATED for attempt in asked.attempts) + 1
        if tries >= self._max_attempts:
            text = f"{scrub(message, self._endpoint)} (in {tries} batches)"
            return self._failed(code, text, None, batch, asked)
        return self._attempt(code, message, batch, asked)

    def _attempt(self, code: str, message: str, batch: Batch, asked: Asked) -> BatchAttempt:
        return BatchAttempt(
            attempt_id=attempt_id(asked.request_id, len(asked.attempts) + 1),
            request_id=asked.request_id,
            batch=batch.name,
            code=code,
            message=scrub(message, self._endpoint),
        )

    def _failed(
        self, code: str, message: str, status: int | None, batch: Batch, asked: Asked
    ) -> Failed:
        return Failed(
            request_id=asked.request_id,
            model=str(batch.facts.model),
            purpose=str(batch.facts.purpose),
            lane="batch",
            attempts=len(asked.attempts) + 1,
            usage=Usage(),
            cost_usd=0.0,
            latency_s=_latency_s(batch, self._clock),
            settled_at=self._clock.utc_now().isoformat(),
            code=code,
            message=message,
            status=status,
        )

    def _cost_usd(self, batch: Batch, usage: Usage) -> float | None:
        usd = self._price(str(batch.facts.model), usage)
        return None if usd is None else usd * self._price_share


def _latency_s(batch: Batch, clock: Clock) -> float:
    """From the making of the batch to now: what one who waits for it has waited."""
    if not batch.created_at:
        return 0.0
    return (clock.utc_now() - datetime.fromisoformat(batch.created_at)).total_seconds()


def _url(batch: Batch) -> Url:
    return batch.facts.url  # type: ignore[return-value]  # it was packed from a Request


def _text(error: object, name: str) -> str:
    return str(error.get(name) or "") if isinstance(error, dict) else ""
