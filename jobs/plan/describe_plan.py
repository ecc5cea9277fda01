"""Puts a plan into words, and compares it with what came of it."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from jobs.amounts import dollars, rough_time
from jobs.plan.describe_times import describe_times, line, row, stage_label
from schemas.outcomes import LANES
from schemas.plan import Amount, EvaluationPlan, Plan, PlannedTraining, StagePlan, together

PERCENT = 100
SAMPLE_HINT = (
    "<= : if every reply took its whole limit; a sample tells what to expect: "
    "distill plan RUN --documents FOLDER --sample 20"
)
MOST_HINT = "<= : if every reply took its whole limit"
EVALUATION_HINT = (
    f"{MOST_HINT}; what some questions take tells more: "
    "distill evaluate RUN --set evaluation.max_held_out=10"
)
ANSWERS = "evaluation/answers"


def describe_plan(plan: Plan) -> str:
    """What is left by stage, what it costs by each lane, and how long it takes."""
    return "\n".join(_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    yield line("teacher", plan.model)
    places = f"{plan.sampled_chunks:,} asked about, {plan.left_chunks:,} to go"
    yield line("chunks", f"{plan.chunks:,}: {places}")
    if plan.asked_usd:
        yield line("so far", f"{dollars(plan.asked_usd)} at live prices")
    evaluation = [stage for stage in plan.evaluation if stage.requests.high >= 1]
    if not plan.has_left:
        yield line("", "nothing is left to ask for the dataset")
    stages = [*(plan.stages if plan.has_left else ()), *evaluation]
    if stages:
        yield ""
        yield from describe_stages(stages)
        yield ""
        yield from _lanes(plan, evaluation)
    if plan.usd is not None and plan.usd.value is None:
        yield line("", SAMPLE_HINT)
    elif any(stage.requests.value is None for stage in evaluation):
        yield line("", "<= : if every reply took its whole limit; once some questions are")
        yield line("", "evaluated, what they took tells more")


def describe_evaluation(plan: EvaluationPlan, flex_share: float, batch_share: float) -> str:
    """What the stages of an evaluation will ask, and dollars and time of each lane."""
    left = [stage for stage in plan.stages if stage.requests.high >= 1]
    if not left:
        return "nothing is left to ask"
    usd = together([stage.usd for stage in left])
    lines = [*describe_stages(left), "", lanes_head()]
    lines += describe_lanes("evaluation", usd, flex_share, batch_share)
    lines += describe_times({"evaluation": plan.times}, left)
    if any(stage.requests.value is None for stage in left):
        asks_models = any(stage.stage == ANSWERS for stage in plan.stages)
        lines.append(line("", EVALUATION_HINT if asks_models else MOST_HINT))
    return "\n".join(lines)


def describe_stages(stages: Sequence[StagePlan]) -> Iterator[str]:
    """A table: what each stage will ask, and what that costs live."""
    yield row("", ("requests", "tokens in", "tokens out", "dollars live"))
    for stage in stages:
        amounts = (stage.requests, stage.prompt_tokens, stage.completion_tokens)
        cells = (*map(_count, amounts), _usd(stage.usd))
        yield row(stage_label(stage), cells)


def describe_lanes(
    label: str, usd: Amount | None, flex_share: float, batch_share: float
) -> Iterator[str]:
    """What something costs live, by flex, in batches, and as `auto` chooses."""
    shares = (1.0, flex_share, batch_share, min(flex_share, batch_share))
    yield row(label, [_usd(_share(usd, share)) for share in shares])
    if (
        usd is not None
        and usd.low is not None
        and usd.value
        and usd.high - usd.low > 0.01 * usd.value
    ):
        yield row("", [_interval(_share(usd, share)) for share in shares])


def lanes_head() -> str:
    """The head of the table that `describe_lanes` makes rows of."""
    return row("dollars", LANES)


def _lanes(plan: Plan, evaluation: Sequence[StagePlan]) -> Iterator[str]:
    yield lanes_head()
    shares = plan.flex_share, plan.batch_share
    if plan.has_left:
        yield from describe_lanes("dataset", plan.usd, *shares)
    if evaluation:
        yield from describe_lanes(
            "evaluation", together([each.usd for each in evaluation]), *shares
        )
    yield line("", "auto: what its deadline sends live costs the live price")
    if plan.tuning is not None:
        yield line("training", _tuning(plan.tuning))
        yield line("", _training_time(plan.tuning))
    times = {
        "dataset": plan.times if plan.has_left else (),
        "evaluation": plan.evaluation_times if evaluation else (),
    }
    yield from describe_times(times, [*plan.stages, *evaluation])


def _tuning(tuning: PlannedTraining) -> str:
    rows = f"{tuning.rows:,.0f} rows, {tuning.tokens:,.0f} tokens"
    if tuning.usd is None:
        return f"{rows}; dollars: student.training_usd_per_million_tokens is not set"
    return f"{rows}, {dollars(tuning.usd)}" if tuning.usd else f"{rows}, no dollars"


def _training_time(tuning: PlannedTraining) -> str:
    match tuning.trainer:
        case "openai":
            return "time: the host's queue and speed; it tells them once the job runs"
        case "export":
            return "time: that of the tool that trains on the exported rows"
        case "local":
            if tuning.seconds is None:
                return "time: on this machine, known once a student was trained here"
            return f"time: about {rough_time(tuning.seconds)} on this machine, as before"
        case _:
            assert_never(tuning.trainer)


def _count(amount: Amount) -> str:
    if amount.value is None:
        return f"<= {amount.high:,.0f}"
    return f"{amount.value:,.0f}"


def _usd(amount: Amount | None) -> str:
    if amount is None:
        return "no price known"
    if amount.value is None:
        return f"<= {dollars(amount.high)}"
    return dollars(amount.value)


def _interval(amount: Amount | None) -> str:
    assert amount is not None
    return f"{dollars(amount.low or 0.0)}-{dollars(amount.high)}"


def _share(amount: Amount | None, share: float) -> Amount | None:
    if amount is None:
        return None
    shares = {name: None if value is None else value * share for name, value in amount}
    return Amount.model_validate(shares)


def describe_outcome(plan: Plan, now: Plan) -> str | None:
    """How an earlier plan compares with what was asked since; None where that is not done yet."""
    if now.has_left or plan.usd is None or plan.usd.value is None or not plan.left_chunks:
        return None
    if plan.asked_usd is None or now.asked_usd is None or plan.chunks != now.chunks:
        return None
    planned_usd = plan.asked_usd + plan.usd.value
    off = PERCENT * (now.asked_usd - planned_usd) / planned_usd
    low, high = plan.asked_usd + (plan.usd.low or 0.0), plan.asked_usd + plan.usd.high
    return line(
        "planned",
        f"{dollars(planned_usd)} ({dollars(low)} to {dollars(high)}) in all at live prices on "
        f"{plan.planned_at[:10]}; it came to {dollars(now.asked_usd)} ({off:+.1f}%)",
    )
