"""Batches that the provider did not take: a limit to learn, or a reason to stop."""

import logging
import re
from itertools import islice, takewhile

import orjson

from engine.batch.account import Account
from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger
from engine.errors import (
    BATCH_NOT_MADE,
    NO_BATCH_API,
    ConfigError,
    FatalError,
    RequestError,
    TransientError,
)
from schemas.batches import Batch

TOKEN_LIMIT = "token_limit_exceeded"  # noqa: S105 - an error code: a wait, not a failure
MAX_REFUSALS = 3  # in a row, of batches of the same kind
STEP_DOWN = 0.8  # what is tried next, when the stated limit says that it should have fitted

_log = logging.getLogger(__name__)
_STATED_LIMIT = re.compile(r"[Ll]imit:?\s*([\d,]{2,})")


class NoBatchApiError(ConfigError):
    """The address serves no batches; `cause` is what it answered."""

    def __init__(self, cause: RequestError | TransientError) -> None:
        super().__init__(
            f"there is no Batch API at this address ({cause}): use --lane live, or set base_url to "
            "a provider that has one; nothing was submitted"
        )


def is_token_limit(error: RequestError | TransientError) -> bool:
    """Whether a batch was not taken because too many tokens are enqueued already."""
    return error.code == TOKEN_LIMIT or "enqueued token" in str(error).lower()


def is_refused(batch: Batch) -> bool:
    """Whether the provider did not take the batch, for what is in it."""
    is_wait = batch.remote.problem_code in (TOKEN_LIMIT, NO_BATCH_API, BATCH_NOT_MADE)
    return batch.remote.status == "failed" and not is_wait


def learn_token_limit(account: Account, batch: Batch, tried_tokens: int) -> None:
    """Note the limit of enqueued tokens, if it is what `batch` was refused for.

    `tried_tokens` were enqueued with it. The message states the limit; where the batch should have
    fitted, somebody else's batches are in the way or the provider counts otherwise, and less is
    tried for a while.
    """
    if batch.remote.status != "failed" or batch.remote.problem_code != TOKEN_LIMIT:
        return
    found = _STATED_LIMIT.search(batch.remote.problem)
    stated = int(found[1].replace(",", "")) if found else None
    model = batch.intent.model
    if stated is not None and stated < tried_tokens:
        account.learn_limit(model, stated, is_stated=True)
    else:
        account.learn_limit(model, max(1, int(tried_tokens * STEP_DOWN)), is_stated=False)


def check_refused(ledger: BatchLedger, batch: Batch, folder: BatchFolder) -> None:
    """Say that a batch was refused; stop a run whose batches are refused again and again.

    Raises:
        FatalError: `batch` is the last of too many in a row; names what the provider said.
    """
    if not is_refused(batch):
        return
    kind = _kind(batch)
    alike = [b for b in ledger.batches if b.is_collected and _kind(b) == kind]
    in_a_row = sum(1 for _ in takewhile(is_refused, reversed(alike)))
    if in_a_row >= MAX_REFUSALS:
        raise FatalError(
            f"the provider has refused {in_a_row} batches in a row as a whole: "
            f"{_describe(batch, folder)}; mend the cause, then run again: nothing was billed, and "
            "everything waits to be submitted"
        )
    _log.warning(
        "batch %s was refused as a whole: %s; its requests are submitted again",
        batch.name,
        _describe(batch, folder),
    )


def _kind(batch: Batch) -> tuple[str, str, str]:
    return (batch.intent.url, batch.intent.model, batch.intent.purpose)


def _describe(batch: Batch, folder: BatchFolder) -> str:
    remote = batch.remote
    reason = remote.problem or "the provider gives no reason"
    return f"{remote.problem_code or 'failed'}: {reason}{_offender(batch, folder)}"


def _offender(batch: Batch, folder: BatchFolder) -> str:
    """The request that the provider's line number means, in our terms."""
    number, path = batch.remote.problem_line, folder.input_path(batch.name)
    if number is None or not path.exists():
        return ""
    with path.open("rb") as file:
        line = next(islice(file, max(number - 1, 0), None), None)
    if line is None:
        return ""
    request_id = orjson.loads(line)["custom_id"]
    return f" (line {number} of {path}: request {request_id}, purpose {batch.intent.purpose})"
