"""Whether a send that ended without a reply may have been billed."""

from engine.errors import (
    REPLY_TOO_LARGE,
    FatalError,
    NeverSentError,
    RateLimitError,
    RequestError,
    TransientError,
)

# HTTP statuses of gateways that gave up waiting: behind them an answer may have been made.
MAYBE_BILLED_STATUSES = frozenset({408, 460, 499, 502, 504, 520, 524})


def may_be_billed(error: BaseException) -> bool:
    """Whether a send that ended with `error` may have been billed nevertheless."""
    if isinstance(error, RequestError | FatalError | RateLimitError):
        return isinstance(error, RequestError) and error.code == REPLY_TOO_LARGE
    if not isinstance(error, TransientError):
        return True  # such as a cancelled wait for the reply
    if error.status is None or error.status < 300:
        return not isinstance(error, NeverSentError)
    return error.status in MAYBE_BILLED_STATUSES
