"""The errors of the engine, and what each means for the run."""


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


class RequestError(EngineError):
    """This request never will succeed; it is journalled as failed and the run goes on."""

    def __init__(self, message: str, *, code: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class TransientError(EngineError):
    """This attempt failed, a later one may not. Out of attempts: left unsettled, exit 75.

    `retry_after_s` is the provider's minimum wait, None where it named none. `code` is the
    provider's code or the engine's (`connection_failed`, `malformed_reply`, `timeout`).
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


class RateLimitError(TransientError):
    """A 429 that waiting cures."""


class OverloadError(TransientError):
    """The server asks for less at once: 503, `slow_down`, timeouts."""


class OutageError(EngineError):
    """Nothing was answered for longer than allowed; later may be better. Exit 75."""


class DamagedLogError(EngineError):
    """A line of a log is damaged, and it is not the torn last one. Exit 4, never guessed at."""


class StorageError(EngineError):
    """The disk refused to keep a line; nothing further may be bought. Exit 75."""


class RunInUseError(EngineError):
    """Another process writes this run. Exit 75."""


class Deferred(BaseException):
    """The batch lane has put this request in its outbox; its item waits for the result."""


class InterruptedRunError(EngineError):
    """Somebody sent SIGINT or SIGTERM. Exit 128 + the signal's number."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"interrupted by signal {signum}; the same command again goes on")
        self.signum = signum
