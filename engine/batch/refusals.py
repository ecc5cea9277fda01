"""Batches that the provider did not take: a limit to learn, or a reason to stop."""

import re
from itertools import islice, takewhile

import orjson

from engine.batch.account import Account
from engine.batch.collect import TOKEN_LIMIT, is_refused
from engine.batch.folder import BatchFolder
from engine.batch.ledger import BatchLedger
from engine.errors import FatalError
from schemas.batches import Batch

MAX_REFUSALS = 3  # in a row, of batches of the same kind
STEP_DOWN = 0.8  # what is tried next, when the stated limit says that it should have fitted

_STATED_LIMIT = re.compile(r"[Ll]imit:?\s*([\d,]{2,})")


def learn_token_limit(account: Account, batch: Batch, others_tokens: int) -> None:
    """Note the limit of enqueued tokens, if it is what `batch` was refused for.

    The message states it; where the batch should have fitted, somebody else's batches are in the
    way or the provider counts otherwise, and less is tried.
    """
    if batch.facts.status != "failed" or batch.facts.problem_code != TOKEN_LIMIT:
        return
    tried = others_tokens + (batch.facts.prompt_tokens or 0)
    stated = _STATED_LIMIT.search(batch.facts.problem or "")
    limit = int(stated[1].replace(",", "")) if stated else tried
    account.learn_limit(
        str(batch.facts.model), limit if limit < tried else max(1, int(tried * STEP_DOWN))
    )


def check_refused(ledger: BatchLedger, batch: Batch, folder: BatchFolder) -> None:
    """Stop a run whose batches are refused again and again.

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
            f"{batch.facts.problem_code}: {batch.facts.problem}{_offender(batch, folder)}; mend "
            "the cause, then run again: nothing was billed, and everything waits to be submitted"
        )


def _kind(batch: Batch) -> tuple[str | None, str | None, str | None]:
    return (batch.facts.url, batch.facts.model, batch.facts.purpose)


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
