"""How long a plan takes by each lane: what limits and replies so far tell, and what is unknown."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from engine.files.journal import Settled, read_settled
from engine.run_folder import RunFolder
from engine.stats.snapshots import read_snapshots
from jobs.amounts import rough_time
from jobs.dataset.ask_teacher import QUESTIONS
from jobs.dataset.judge.judge_rows import VERDICTS
from jobs.dataset.questions.further_questions import FURTHER
from jobs.dataset.questions.write_questions import tops_up
from jobs.evaluation.score_answers import SCORES
from jobs.run.lanes import CANCEL_TIME, MARGIN
from schemas.plan import LaneTime, StagePlan
from schemas.settings import RunSettings

ROUND_S = 86_400.0  # a batch has a day (completion window, OpenAI Batch guide)
ENOUGH_REPLIES = 5  # before their latency tells of others
EVER = "1970-01-01T00:00:00+00:00"
UNPREDICTABLE = "longer while flex has no capacity, which cannot be predicted"


class Latency(NamedTuple):
    """How long replies took: one on average, and the slowest of all. In seconds."""

    mean_s: float
    slowest_s: float


class Rate(NamedTuple):
    """So many a minute, and who says so."""

    per_minute: float
    said_by: str


class Pace(NamedTuple):
    """What is known of how fast requests can go. None: nothing is."""

    requests: Rate | None
    tokens: Rate | None
    max_in_flight: int
    live: Latency | None
    flex: Latency | None


class Bound(NamedTuple):
    """How long something takes at least by one reason. In seconds."""

    seconds: float
    reason: str


def read_pace(folder: RunFolder, settings: RunSettings) -> Pace:
    """What settings, server and replies say; a folder without a run has no replies.

    Raises:
        DamagedLogError: a line of the journal is damaged.
    """
    limits = settings.limits
    seen = read_snapshots(folder.stats_path, since=EVER)
    learnt = seen[-1] if seen else {}
    replies = list(_written_at_once(folder))
    return Pace(
        _rate(limits.requests_per_minute, learnt.get("requests_per_minute")),
        _rate(limits.tokens_per_minute, learnt.get("tokens_per_minute")),
        limits.max_in_flight,
        _latency(each for each in replies if each.service_tier != "flex"),
        _latency(each for each in replies if each.service_tier == "flex"),
    )


def with_live_times(stages: Sequence[StagePlan], pace: Pace) -> tuple[StagePlan, ...]:
    """The same stages, each with how long what is expected of it takes live, if that is known."""
    mean_s = pace.live and pace.live.mean_s
    bounds = [_bound_of(_expected(stage), pace, mean_s) for stage in stages]
    return tuple(
        stage.model_copy(update={"live_s": bound.seconds if bound else None})
        for stage, bound in zip(stages, bounds, strict=True)
    )


def lane_times(
    stages: Sequence[StagePlan], pace: Pace, settings: RunSettings
) -> tuple[LaneTime, ...]:
    """How long these stages take by each lane, in their order; a model here has live alone."""
    live = _live(stages, pace)
    if settings.teacher.is_local:
        return (live,)
    flex, batch = _flex(stages, pace, live, settings), _batch(stages, settings)
    return (live, flex, batch, _auto(live, flex, batch, settings))


def _live(stages: Sequence[StagePlan], pace: Pace) -> LaneTime:
    mean_s = pace.live and pace.live.mean_s
    low, high = (_bound(stages, pace, mean_s, end) for end in (_least, _most))
    if high is None:
        return LaneTime(
            way="live", low_s=None, high_s=None, source="no limit and no reply is known yet"
        )
    return LaneTime(
        way="live", low_s=_least_s(stages, low), high_s=high.seconds, source=high.reason
    )


def _flex(
    stages: Sequence[StagePlan], pace: Pace, live: LaneTime, settings: RunSettings
) -> LaneTime:
    """By flex replies of this run; else between live's time and the longest that one may take."""
    if pace.flex is not None:
        low = _bound(stages, pace, pace.flex.mean_s, _least)
        high = _bound(stages, pace, pace.flex.slowest_s, _most)
        low_s = _least_s(stages, low)
        told = f"{pace.flex.mean_s:.1f} s a reply so far, the slowest {pace.flex.slowest_s:.1f} s"
    else:
        high, low_s = _bound(stages, pace, settings.limits.flex_timeout_s, _most), live.low_s
        most = rough_time(settings.limits.flex_timeout_s)
        told = f"from live's time to {most} a reply (limits.flex_timeout_s)"
    assert high is not None  # a latency bounds it
    return LaneTime(way="flex", low_s=low_s, high_s=high.seconds, source=f"{told}; {UNPREDICTABLE}")


def _batch(stages: Sequence[StagePlan], settings: RunSettings) -> LaneTime:
    asking = {stage.stage for stage in stages if stage.requests.high >= 1}
    rounds = sum(_rounds(stage, asking, settings) for stage in asking)
    return LaneTime(
        way="batch",
        low_s=None,
        high_s=rounds * ROUND_S,
        source=f"about {rounds} rounds, each at most a day (the provider's window)",
    )


def _auto(live: LaneTime, flex: LaneTime, batch: LaneTime, settings: RunSettings) -> LaneTime:
    """Flex first, then batches; a deadline sends live what is left."""
    assert flex.high_s is not None
    assert batch.high_s is not None
    is_flex_used = settings.tiers.flex <= settings.batch.price_share
    told = "flex, and batches for what it leaves" if is_flex_used else "batches: flex costs more"
    if live.high_s is not None:
        ahead_s = MARGIN * live.high_s + CANCEL_TIME.total_seconds()
        told += f"; a --deadline is kept from {rough_time(ahead_s)} ahead on"
    return LaneTime(
        way="auto",
        low_s=flex.low_s if is_flex_used else None,
        high_s=max(flex.high_s, batch.high_s) if is_flex_used else batch.high_s,
        source=told,
    )


def _rounds(stage: str, asking: Collection[str], settings: RunSettings) -> int:
    """Batches one after the other: where a reply leads to a further request, two."""
    goes_on = {
        QUESTIONS.name: tops_up(settings) and FURTHER.name not in asking,
        VERDICTS.name: settings.judge.rewords,
        SCORES.name: True,  # verdicts need statements, vectors need questions
    }
    return 2 if goes_on.get(stage) else 1


Read = Callable[[StagePlan], tuple[float, float]]


def _bound(
    stages: Sequence[StagePlan], pace: Pace, latency_s: float | None, read: Read
) -> Bound | None:
    """One stage after the other; the reason is that of the longest. None: nothing is known."""
    bounds = [_bound_of(read(stage), pace, latency_s) for stage in stages]
    known = [bound for bound in bounds if bound is not None]
    if not known or len(known) < len(bounds):
        return None
    return Bound(sum(bound.seconds for bound in known), max(known).reason)


def _bound_of(asked: tuple[float, float], pace: Pace, latency_s: float | None) -> Bound | None:
    """The longest of: requests a minute, tokens a minute, requests at once by their latency."""
    requests, tokens = asked
    bounds = [
        Bound(60 * amount / rate.per_minute, f"{rate.per_minute:,.0f} {what}, {rate.said_by}")
        for amount, rate, what in (
            (requests, pace.requests, "requests a minute"),
            (tokens, pace.tokens, "tokens a minute"),
        )
        if rate is not None
    ]
    if latency_s is not None:
        rounds = max(requests / pace.max_in_flight, min(1.0, requests))
        reason = f"{latency_s:.1f} s a reply so far, {pace.max_in_flight} at once"
        bounds.append(Bound(rounds * latency_s, reason))
    return max(bounds, default=None)


def _least(stage: StagePlan) -> tuple[float, float]:
    return (
        stage.requests.low or 0.0,
        (stage.prompt_tokens.low or 0.0) + (stage.completion_tokens.low or 0.0),
    )


def _most(stage: StagePlan) -> tuple[float, float]:
    return stage.requests.high, stage.prompt_tokens.high + stage.completion_tokens.high


def _expected(stage: StagePlan) -> tuple[float, float]:
    requests, prompt, completion = (
        amount.high if amount.value is None else amount.value
        for amount in (stage.requests, stage.prompt_tokens, stage.completion_tokens)
    )
    return requests, prompt + completion


def _least_s(stages: Sequence[StagePlan], low: Bound | None) -> float | None:
    """None where a stage that asks was not sampled: then the most alone is known."""
    asking = [stage for stage in stages if stage.requests.high >= 1]
    is_sampled = all(stage.requests.low is not None for stage in asking)
    return low.seconds if low is not None and is_sampled else None


def _rate(given: float | None, learnt: float | None) -> Rate | None:
    if given is not None:
        return Rate(given, "as set")
    return Rate(learnt, "as the server last said") if learnt else None


def _written_at_once(folder: RunFolder) -> Iterator[Settled]:
    """Settled requests of which a model wrote something, other than in a batch."""
    for settled in read_settled(folder.journal_path):
        is_written = settled.is_completed and settled.usage.completion_tokens > 0
        if is_written and settled.lane != "batch" and settled.latency_s > 0:
            yield settled


def _latency(replies: Iterator[Settled]) -> Latency | None:
    taken_s = [each.latency_s for each in replies]
    if len(taken_s) < ENOUGH_REPLIES:
        return None
    return Latency(sum(taken_s) / len(taken_s), max(taken_s))
