"""Checks that every request was settled once, and that what was spent adds up."""

import math
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from engine.files.id_index import IdIndex
from engine.files.journal import ID_FIELD, Settled, read_settled
from engine.files.jsonl_lines import id_key
from engine.files.sent_sums import read_sends
from engine.run_folder import RunFolder
from engine.wire.prices import Price
from jobs.findings import Finding
from jobs.run.batch_folders import read_batch_losses
from jobs.run.check_journal import read_request_keys
from jobs.run.stages import Stages
from schemas.settings import RunSettings
from schemas.summary import RunSummary

SAME_USD = 1e-6
OFF_SHARE = 0.001  # of a cost, from which on it does not agree with its price


class JournalFacts(NamedTuple):
    """What a journal comes to. `settled` holds its ids as they stand in a line."""

    settled: IdIndex
    line_count: int
    cost_usd: float
    off_count: int
    off_usd: float


def read_journal(folder: RunFolder, settings: RunSettings, price: Price) -> JournalFacts:
    """Add up the journal, and price each request again. Memory: 16 bytes a request.

    Raises:
        DamagedLogError: a line is damaged.
    """
    settled = IdIndex(array("q"), array("q"))
    lines = off_count = 0
    cost_usd = off_usd = 0.0
    for each in read_settled(folder.journal_path):
        lines += 1
        cost_usd += each.cost_usd or 0.0
        difference = _difference_usd(each, settings, price)
        if difference:
            off_count += 1
            off_usd += difference
        key = id_key(each.request_id)
        if not settled.holds(key):
            settled.add(key, 0)
    return JournalFacts(settled, lines, cost_usd, off_count, off_usd)


def _difference_usd(each: Settled, settings: RunSettings, price: Price) -> float:
    """What a request costs by its tokens less what the journal says, where they differ."""
    usd = price(each.model, each.usage)
    if usd is None or each.cost_usd is None:
        return 0.0
    if each.lane == "batch":
        usd *= settings.batch.price_share
    else:
        usd *= settings.tier_shares.get(each.service_tier, 1.0)
    is_same = math.isclose(usd, each.cost_usd, rel_tol=OFF_SHARE, abs_tol=SAME_USD)
    return 0.0 if is_same else usd - each.cost_usd


def check_requests(
    folder: RunFolder, facts: JournalFacts, stages: Stages[Any]
) -> Iterator[Finding]:
    """Settled once, and there for every result that was made of it.

    Raises:
        DamagedLogError: a file is damaged.
    """
    twice = facts.line_count - len(facts.settled)
    if twice:
        text = f"{twice:,} requests are settled twice: what they cost counts twice"
        yield Finding("requests", "not ok", text)
    else:
        yield Finding("requests", "ok", f"{facts.line_count:,} settled, each once")
    for stage in stages:
        if stage.result is None or ID_FIELD not in stage.result.model_fields:
            continue
        keys = read_request_keys(folder.results_path(stage.name))
        if missing := sum(not facts.settled.holds(key) for key in keys):
            text = f"{missing:,} results come from requests that are not in the journal"
            yield Finding(f"stage {stage.name}", "not ok", text)


def check_spending(
    folder: RunFolder, facts: JournalFacts, summary: RunSummary
) -> Iterator[Finding]:
    """The sum of journal, retried requests, batches and lost replies, against status and budget.

    Raises:
        DamagedLogError: a file is damaged.
    """
    retried_usd = _sum(folder.retried_path)
    losses_usd = sum(read_batch_losses(folder))
    total_usd = facts.cost_usd + retried_usd + losses_usd + summary.lost_usd
    parts = (
        f"${facts.cost_usd:.4f} journal + ${retried_usd:.4f} retried + ${losses_usd:.4f} batches "
        f"for nothing + ${summary.lost_usd:.4f} replies that never came = ${total_usd:.4f}"
    )
    if summary.cost_usd is None:
        yield Finding("spending", "note", f"{parts}, without requests whose price is unknown")
    elif math.isclose(total_usd, summary.cost_usd, abs_tol=SAME_USD):
        yield Finding("spending", "ok", parts)
    else:
        yield Finding("spending", "not ok", f"{parts}, but status says ${summary.cost_usd:.4f}")
    if facts.off_count:
        text = (
            f"{facts.off_count:,} requests cost ${facts.off_usd:+.4f} more by their tokens at "
            "today's prices than the journal says: the prices have changed since"
        )
        yield Finding("prices", "note", text)
    if summary.budget_usd is not None and total_usd > summary.budget_usd + SAME_USD:
        text = f"${total_usd:.4f} is above the budget of ${summary.budget_usd:.4f}"
        yield Finding("budget", "note", f"{text}, which was lowered after it was spent")
    if summary.lost_usd:
        count = len(read_sends(folder.sends_path).lost_usd)
        text = f"{count:,} replies never came; they may have cost ${summary.lost_usd:.4f}"
        yield Finding("lost replies", "note", text)


def _sum(path: Path) -> float:
    return sum(settled.cost_usd or 0.0 for settled in read_settled(path))
