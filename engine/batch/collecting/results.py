"""One line of a batch's results, read: an outcome, a failed try, or a request that comes back."""

import re
from dataclasses import replace

from engine.batch.collecting.asked import Asked, RequestEnd, Returned
from engine.batch.collecting.result_files import OK, ResultLine, answer_in, text_field
from engine.clock import Clock
from engine.errors import (
    CUT_OFF,
    MALFORMED_REPLY,
    NO_RESULT,
    TRUNCATED,
    EngineError,
    FatalError,
    MalformedReplyError,
    RequestError,
    TransientError,
    UnclearRefusalError,
)
from engine.wire.endpoints import Endpoint
from engine.wire.lenient_json import dump_json
from engine.wire.prices import Price
from engine.wire.replies.responses import (
    Ending,
    HttpResponse,
    check_reply,
    is_plain,
    read_ending,
    read_error,
    useless_reply,
)
from engine.wire.replies.usage import CountedUsage
from engine.wire.server_text import scrub
from schemas.batches import Batch
from schemas.outcomes import Usage
from schemas.requests import Json, Url

UNTRIED_CODES = frozenset({"batch_expired", "batch_cancelled"})  # OpenAI Batch guide
MALFORMED_TRIES = 2

# Codes of errors that another try does not mend; hosts have many, and no list of them is whole.
_PERMANENT_CODE = re.compile(
    r"filter|policy|moderation|invalid|unsupported|context_length|too_l|not_allowed|not_supported"
)


class ResultReader:
    """Reads the lines of output and error files. No side effects; reads the time of day."""

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

    def read(self, line: ResultLine, asked: Asked) -> RequestEnd:
        """How the request `asked` ended in its batch, as its `line` says (OpenAI Batch guide)."""
        if line.fields is None:
            return self._unreadable("a line that is no JSON", line, asked)
        answer = answer_in(line.fields)
        if answer is None:
            return self._without_response(line.fields.get("error"), line, asked)
        status, body, server_request_id = answer
        if status == 0:  # the provider did not come to ask the model
            return self._again("no_status", "status 0", asked)
        if status is None or not 100 <= status < 600:
            return self._unreadable("a line without a status", line, asked)
        raw = dump_json(body)
        if status == OK and type(body) is dict and is_plain(body):
            return self._paid(body, raw, server_request_id, asked, "complete")
        try:
            if not 200 <= status < 300:
                raise read_error(HttpResponse(status, {}, raw), self._endpoint, self._clock)
            reply = check_reply(body, _url(asked.batch), self._endpoint)
        except (RequestError, TransientError, FatalError) as error:
            return self._not_answered(error, line, asked)
        return self._paid(reply, raw, server_request_id, asked, read_ending(reply))

    def read_missing(self, asked: Asked, *, was_garbled: bool) -> RequestEnd:
        """How the request `asked` ended, which the files of a completed batch do not mention.

        `was_garbled`: there are lines that name no request, and its answer may be one of them.
        """
        if was_garbled:
            line = ResultLine(asked.request_id, None, b"")
            return self._unreadable("lines that name no request", line, asked)
        return self._again(NO_RESULT, "the batch ended without a result for it", asked)

    def _without_response(self, error: Json, line: ResultLine, asked: Asked) -> RequestEnd:
        """A line that says of a request only why it has no response."""
        code = text_field(error, "code")
        if code in UNTRIED_CODES:
            return Returned()
        if not isinstance(error, dict):
            return self._unreadable("a line without a response", line, asked)
        status = 400 if _PERMANENT_CODE.search(code) else 500
        fields: dict[str, Json] = {
            "code": code or "unknown",
            "message": text_field(error, "message"),
        }
        answer = HttpResponse(status, {}, dump_json({"error": fields}))
        failure = read_error(answer, self._endpoint, self._clock)
        return self._not_answered(failure, line, asked)

    def _not_answered(self, error: EngineError, line: ResultLine, asked: Asked) -> RequestEnd:
        match error:
            case RequestError():
                return asked.failed(error.code, str(error), error.status, self._clock)
            case MalformedReplyError():
                return self._unreadable(str(error), line, asked, reply=error.reply)
            case TransientError():
                return self._again(error.code, str(error), asked)
            case UnclearRefusalError():  # FailureWatch ends the run if all others fail like it
                return asked.failed(error.code, error.words, error.status, self._clock)
            case FatalError():
                return Returned(error)
        raise error

    def _unreadable(
        self,
        what: str,
        line: ResultLine,
        asked: Asked,
        reply: dict[str, Json] | None = None,
    ) -> RequestEnd:
        """A line that cannot be read, or a `reply` without an answer: it may have been paid for.

        Its bytes are kept, and the most that it may have cost counts as spent. The request is
        asked once more at most.
        """
        counted = asked.count_usage(reply or {})
        cost_usd = self._cost_usd(asked.batch, counted.usage)
        tries = sum(attempt.code == MALFORMED_REPLY for attempt in asked.attempts) + 1
        if tries < min(MALFORMED_TRIES, self._max_attempts):
            attempt = asked.attempt(MALFORMED_REPLY, scrub(what, self._endpoint))
            text = line.data.decode(errors="replace").rstrip()
            return attempt.model_copy(update={"cost_usd": cost_usd, "reply": text})
        message = f"{scrub(what, self._endpoint)} (in {tries} batches)"
        return replace(
            asked.failed(MALFORMED_REPLY, message, None, self._clock),
            usage=counted.usage,
            cost_usd=cost_usd,
            is_estimated=counted.is_estimated,
            raw=line.data.rstrip(b"\r\n"),
        )

    def _paid(
        self,
        reply: dict[str, Json],
        raw: bytes,
        server_request_id: str,
        asked: Asked,
        ending: Ending,
    ) -> RequestEnd:
        counted = asked.count_usage(reply)
        cost_usd = self._cost_usd(asked.batch, counted.usage)
        if ending == "length" and not self._enlarges_truncated:
            ending = "complete"
        if ending != "complete":
            return self._useless(ending, reply, raw, counted, asked)
        return asked.completed(reply, raw, counted, cost_usd, server_request_id, self._clock)

    def _useless(
        self,
        ending: Ending,
        reply: dict[str, Json],
        raw: bytes,
        counted: CountedUsage,
        asked: Asked,
    ) -> RequestEnd:
        """A reply that was paid for but is no answer: cut off, or a refusal."""
        usage = counted.usage
        cost_usd = self._cost_usd(asked.batch, usage)
        was_enlarged = any(attempt.code == TRUNCATED for attempt in asked.attempts)
        if ending == "length" and asked.has_output_limit and not was_enlarged:
            return asked.cut_off().model_copy(
                update={
                    "prompt_tokens": usage.prompt_tokens,
                    "completion_tokens": usage.completion_tokens,
                    "cached_tokens": usage.cached_tokens,
                    "cost_usd": cost_usd,
                    "reply": raw.decode(errors="replace"),
                }
            )
        code, message = useless_reply(ending, reply, str(asked.batch.intent.purpose))
        failed = asked.failed(code, message, 200, self._clock)
        return replace(
            failed,
            usage=usage,
            cost_usd=cost_usd,
            reply=reply,
            is_estimated=counted.is_estimated,
        )

    def _again(self, code: str, message: str, asked: Asked) -> RequestEnd:
        tries = sum(attempt.code not in CUT_OFF for attempt in asked.attempts) + 1
        if tries >= self._max_attempts:
            text = f"{scrub(message, self._endpoint)} (in {tries} batches)"
            return asked.failed(code, text, None, self._clock)
        return asked.attempt(code, scrub(message, self._endpoint))

    def _cost_usd(self, batch: Batch, usage: Usage) -> float | None:
        usd = self._price(batch.intent.model, usage)
        return None if usd is None else usd * self._price_share


def _url(batch: Batch) -> Url:
    return batch.intent.url  # type: ignore[return-value]  # it was packed from a Request
