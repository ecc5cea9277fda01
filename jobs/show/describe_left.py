"""Says what a call has left to do."""

from engine.batch.ledger import read_batches
from engine.run_folder import RunFolder
from jobs.run.pipeline import PipelineEnd


def describe_left(folder: RunFolder, end: PipelineEnd) -> str:
    """Requests that are out in batches, or items that were set aside, and why."""
    out = [batch for batch in read_batches(folder.batches_path) if not batch.is_collected]
    if out:
        requests = sum(batch.facts.request_count or 0 for batch in out)
        batches = "a batch" if len(out) == 1 else f"{len(out)} batches"
        return f"{requests:,} requests are out in {batches}"
    left = sum(end.passed.unsettled.values()) + end.passed.deferred_count
    reasons = [f"{code} {count}" for code, count in end.passed.unsettled.most_common()]
    if end.passed.deferred_count:
        reasons.append(f"waiting for a batch {end.passed.deferred_count}")
    return f"{left} items of stage {end.stage} are left ({', '.join(reasons)})"
