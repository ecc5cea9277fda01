"""A reader of results, and a batch whose results it reads."""

from engine.batch.collecting.results import ResultReader
from engine.testing.clocks import EPOCH, ManualClock
from schemas.batches import Batch, BatchIntent, RemoteState
from schemas.outcomes import Usage
from schemas.requests import CHAT_COMPLETIONS
from tests.unit.engine.batch.desks import ENDPOINT, price

BATCH = Batch(
    name="000001",
    intent=BatchIntent(
        url=CHAT_COMPLETIONS,
        model="m",
        purpose="answers",
        request_count=1,
        prompt_tokens=20,
        worst_case_usd=0.06,
        size_bytes=100,
        sha256="0f",
    ),
    remote=RemoteState(status="completed"),
    intended_at=EPOCH.isoformat(),
    changed_at=EPOCH.isoformat(),
)


def make_reader() -> ResultReader:
    return ResultReader(
        ENDPOINT,
        price=price,
        price_share=0.5,
        max_attempts=8,
        enlarges_truncated=True,
        clock=ManualClock(),
    )


def at_most(_: str) -> Usage:
    return Usage(prompt_tokens=100, completion_tokens=200)
