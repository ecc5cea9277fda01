"""Batches that the provider did not take: a limit to learn, or a reason to stop."""

import logging
import re
from itertools import islice, takewhile

import orjson

from engine.batch.account import Account
from engine.batch.collecting.collector import TOKEN_LIMIT, is_refused
from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger
from engine.errors import FatalError
from schemas.batches import Batch

MAX_REFUSALS = 3  # in a row, of batches of the same kind
STEP_DOWN = 0.8  # what is tried next, when the stated limit says that it should have fitted

_log = logging.getLogger(__name__)
_STATED_LIMIT = re.compile(r"[Ll]imit:?\s*([\d,]{2,})")


def learn_token_limit(account: Account, batch: Batch, tried_tokens: int) -> None:
    """Note the limit of enqueued tokens, if it is what `batch` was refused for.

    `tried_tokens` were enqueued with it. The message states the limit; where the batch should have
    fitted, somebody else's batches are in the way or the provider counts otherwise, and less is
    tried for a while.
    """
    if batch.facts.status != "failed" or batch.facts.problem_code != TOKEN_LIMIT:
        return
    found = _STATED_LIMIT.search(batch.facts.problem or "")
    stated = int(found[1].replace(",", "")) if found else None
    model = str(batch.facts.model)
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


def _kind(batch: Batch) -> tuple[str | None, str | None, str | None]:
    return (batch.facts.url, batch.facts.model, batch.facts.purpose)


def _describe(batch: Batch, folder: BatchFolder) -> str:
    return f"{batch.facts.problem_code}: {batch.facts.problem}{_offender(batch, folder)}"


def _offender(batch: Batch, folder: BatchFolder) -> str:
    """The request that the provider's line number means, in our terms."""
    number, path = batch.facts.problem_line, folder.input_path(batch.name)
    if number is None or not path.exists():
        return ""
    with path.open("rb") as file:
        line = next(islice(file, max(number - 1, 0), None), None)
    if line is None:
        return ""
    request_id = orjson.loads(line)["custom_id"]
    return f" (line {number} of {path}: request {request_id}, purpose {batch.facts.purpose})"
