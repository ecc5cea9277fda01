"""Batches that take longer than they can, and how the user gets out of that."""

from datetime import datetime, timedelta

from schemas.batches import Batch

LONGEST_LIFE = timedelta(hours=25)  # a batch ends within 24 hours (OpenAI Batch guide)
LONGEST_CANCELLING = timedelta(hours=1)  # it takes ten minutes at most (OpenAI Batch guide)
LONGEST_FETCHING = timedelta(hours=2)  # of the results of a batch that has ended


def overdue(batch: Batch, now: datetime) -> str | None:
    """What is wrong with a batch that is out, in words; None if it may still be on its way."""
    since_change = now - datetime.fromisoformat(batch.changed_at)
    if batch.has_ended:
        if since_change > LONGEST_FETCHING:
            return f"ended {_hours(since_change)} ago, and its results could not be fetched yet"
        return None
    if not batch.is_at_provider:
        return None
    age = now - datetime.fromisoformat(batch.created_at or batch.intended_at)
    is_cancelling = batch.remote.status == "cancelling"
    if is_cancelling and min(since_change, age) > LONGEST_CANCELLING:
        return f"has been cancelling for {_hours(since_change)}, which takes ten minutes at most"
    if age > LONGEST_LIFE:
        state = batch.remote.status or "not begun"
        return f"is {_hours(age)} old and {state}, though a batch ends within 24 hours"
    return None


def _hours(duration: timedelta) -> str:
    return f"{duration.total_seconds() / 3600:.0f} hours"
