"""The errors of the engine, what each means for the run, and the codes of failures."""

from __future__ import annotations  # Json is a name for the type checker alone

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.requests import Json

# Codes of failures that are named here and not by the provider: in outcomes, statistics, files.
CONNECTION_FAILED = "connection_failed"  # no connection came about: nothing was sent
CONNECTION_LOST = "connection_lost"  # it broke before the whole reply had come
TIMEOUT = "timeout"
MALFORMED_REPLY = "malformed_reply"  # not what the API defines
MALFORMED_OUTPUT = "malformed_output"  # what the model wrote is not the JSON it was asked for
TRUNCATED = "truncated"  # cut off by the request's output limit
CUT_FOR_BUDGET = "cut_for_budget"  # by a limit below the request's own, for the budget's sake
CUT_OFF = frozenset({TRUNCATED, CUT_FOR_BUDGET})
REASONING_LIMIT = "reasoning_used_up_limit"  # hidden reasoning left nothing of the output limit
REFUSED = "refused"  # by the model or its content filter
REQUEST_TOO_LARGE = "request_too_large"
REPLY_TOO_LARGE = "reply_too_large"
NOT_FOUND = "not_found"  # a file, batch or job that is not there, or not there yet
FILE_PENDING = "file_pending"  # an uploaded file that the host has not looked at yet
RESULTS_CUT_OFF = "cut_off"  # a batch's file of results did not come whole
NO_RESULT = "no_result"  # a batch ended without a result for the request
FORM_REFUSED = "form_refused"  # the form in which a batch asked for JSON, by its host
FORM_IGNORED = "form_ignored"  # what came has another form than was asked for
NO_BATCH_API = "no_batch_api"
BATCH_NOT_MADE = "batch_not_made"  # the ledger was cut, and the provider has no batch of this file
OTHER_ENDPOINT = "other_endpoint"  # an attempt that was left to another endpoint


class EngineError(Exception):
    """The base of all errors that the engine raises on purpose."""


class ConfigError(EngineError):
    """Settings contradict each other, the run folder or the command line. Exit 2."""


class FatalError(EngineError):
    """No request can succeed until the user acts. The run stops, the journal is whole. Exit 3."""


class AuthError(FatalError):
    """The key is missing, wrong, or may not use this."""


class QuotaError(FatalError):
    """The account's money or quota is used up, or the run's own budget is."""


class ModelGoneError(FatalError):
    """The model does not exist or is not served to this account."""


class UnclearRefusalError(FatalError):
    """A 403 or 404 that does not say whether it is meant for this request or for all.

    Where that cannot be told, it counts for all; the live lane compares it with other requests.
    """

    def __init__(self, words: str, *, advice: str, code: str, status: int) -> None:
        super().__init__(f"{words}; {advice}")
        self.words = words
        self.code = code
        self.status = status


class RequestError(EngineError):
    """This request never will succeed; it is journalled as failed and the run goes on."""

    def __init__(self, message: str, *, code: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class NotFoundError(RequestError):
    """What was asked for is not there: a file, a batch, a job. Its code is NOT_FOUND."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message, code=NOT_FOUND, status=status)


class TransientError(EngineError):
    """This attempt failed, a later one may not. Out of attempts: left unsettled, exit 75.

    `retry_after_s` is the provider's minimum wait, None where it named none. `code` is the
    provider's code or one of this module's.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.retry_after_s = retry_after_s


class NeverSentError(TransientError):
    """No connection came about: the request was not sent, so it is neither counted nor billed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code=CONNECTION_FAILED)


class FilePendingError(TransientError):
    """An uploaded file cannot be used yet. Its code is FILE_PENDING."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message, code=FILE_PENDING, status=status)


class OtherEndpointError(TransientError):
    """The attempt was not made: another endpoint can answer the request sooner."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code=OTHER_ENDPOINT)


class MalformedReplyError(TransientError):
    """A reply that is not what the API defines.

    `reply` is its parsed body, if it is an object; `raw` are its bytes. It may have been billed,
    and asking again seldom helps: that is done once, then it is settled as failed.
    """

    def __init__(
        self, message: str, *, reply: dict[str, Json] | None = None, raw: bytes = b""
    ) -> None:
        super().__init__(message, code=MALFORMED_REPLY)
        self.reply = reply
        self.raw = raw


class RateLimitError(TransientError):
    """A 429 that waiting cures."""


class OverloadError(TransientError):
    """The server asks for less at once: 503, `slow_down`, timeouts."""


class CapacityError(OverloadError):
    """A service tier has no room for the request now. It was neither answered nor billed."""


class LeftToOthersError(EngineError):
    """The flex lane leaves a request to other lanes; nothing was paid for it. Control flow.

    `is_scarce`: flex would have been the way, if it had capacity.
    """

    def __init__(self, message: str, *, is_scarce: bool = False) -> None:
        super().__init__(message)
        self.is_scarce = is_scarce


class OutageError(EngineError):
    """Nothing was answered for longer than allowed; later may be better. Exit 75."""


class DamagedLogError(EngineError):
    """A line of a log is damaged, and it is not the torn last one. Exit 4, never guessed at."""


class StorageError(EngineError):
    """The system refused something, such as to keep a line: nothing may be bought. Exit 75."""


class NoProgressError(EngineError):
    """Calls in a row have settled nothing: a person should look at the run. Exit 69."""


class UnexpectedError(EngineError):
    """A fault of this program: an exception that no code expects. Exit 1."""


class RunInUseError(EngineError):
    """Another process writes this run. Exit 75."""


class Deferred(BaseException):
    """The batch lane has put this request in its outbox; its item waits for the result."""


class InterruptedRunError(EngineError):
    """SIGINT or SIGTERM came. Exit 128 + the signal's number."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"interrupted by signal {signum}; the same command again goes on")
        self.signum = signum
