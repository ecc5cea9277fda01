"""Puts a plan into words, and compares it with what came of it."""

from collections.abc import Iterator

from jobs.show.amounts import dollars, duration
from schemas.plan import Amount, Plan

LABEL_CHARS = 16
PERCENT = 100
SAMPLE_HINT = (
    "the most that it can be; a sample tells what to expect: "
    "distill plan RUN --documents FOLDER --sample 20"
)


def describe_plan(plan: Plan) -> str:
    """What is left by stage, what it costs live and in batches, and how long it takes."""
    return "\n".join(f"{label:<{LABEL_CHARS}} {text}" for label, text in _lines(plan))


def _lines(plan: Plan) -> Iterator[tuple[str, str]]:
    yield "teacher", plan.model
    places = f"{plan.sampled_chunks:,} asked about, {plan.left_chunks:,} to go"
    yield "chunks", f"{plan.chunks:,}: {places}"
    if plan.has_left:
        yield from _left_lines(plan)
    else:
        yield "", "nothing is left to ask"
    if plan.asked_usd:
        yield "so far", f"{dollars(plan.asked_usd)} at live prices"
    if plan.usd is not None and plan.usd.value is None:
        yield "", SAMPLE_HINT


def _left_lines(plan: Plan) -> Iterator[tuple[str, str]]:
    for stage in plan.stages:
        amounts = (
            f"{_count(stage.requests)} requests, {_count(stage.prompt_tokens)} tokens in, "
            f"{_count(stage.completion_tokens)} out"
        )
        yield stage.stage, f"{amounts}, {_usd(stage.usd)}"
    yield "live", _usd(plan.usd) + _time(plan)
    yield "in batches", f"{_usd(_share(plan.usd, plan.batch_share))}, within a day for each round"


def _count(amount: Amount) -> str:
    if amount.value is None:
        return f"at most {amount.high:,.0f}"
    if round(amount.high) == round(amount.value):
        return f"{amount.value:,.0f}"
    return f"{amount.value:,.0f} ({amount.low or 0:,.0f} to {amount.high:,.0f})"


def _usd(amount: Amount | None) -> str:
    if amount is None:
        return dollars(None)
    if amount.value is None:
        return f"at most {dollars(amount.high)}"
    return f"{dollars(amount.value)} ({dollars(amount.low or 0.0)} to {dollars(amount.high)})"


def _share(amount: Amount | None, share: float) -> Amount | None:
    if amount is None:
        return None
    shares = {name: None if value is None else value * share for name, value in amount}
    return Amount.model_validate(shares)


def _time(plan: Plan) -> str:
    if plan.live_s is None:
        return "; no limit is known that would tell the time"
    return f"; about {duration(plan.live_s)} under the limits"


def describe_outcome(plan: Plan, now: Plan) -> str | None:
    """How an earlier plan compares with what was asked since; None where that is not done yet."""
    if now.has_left or plan.usd is None or plan.usd.value is None or not plan.left_chunks:
        return None
    if plan.asked_usd is None or now.asked_usd is None or plan.chunks != now.chunks:
        return None
    planned_usd = plan.asked_usd + plan.usd.value
    off = PERCENT * (now.asked_usd - planned_usd) / planned_usd
    low, high = plan.asked_usd + (plan.usd.low or 0.0), plan.asked_usd + plan.usd.high
    return (
        f"{'planned':<{LABEL_CHARS}} {dollars(planned_usd)} ({dollars(low)} to {dollars(high)}) in "
        f"all at live prices on {plan.planned_at[:10]}; it came to {dollars(now.asked_usd)} "
        f"({off:+.1f}%)"
    )
