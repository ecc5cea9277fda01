"""What a run will still ask and cost, as it was planned."""

from collections.abc import Sequence

from schemas.outcomes import LaneChoice
from schemas.record import Value
from schemas.settings.types import TrainerName


class Amount(Value):
    """An expected amount, and the ends of its 95% interval.

    `value` is None where nothing was sampled: then only `high` is known, the most that it can be.
    """

    value: float | None
    low: float | None
    high: float


class StagePlan(Value):
    """What a stage will still ask. `usd` at live prices, None: the price is unknown.

    `live_s`: how long it takes live, None: no limit and no latency is known.
    """

    stage: str
    requests: Amount
    prompt_tokens: Amount
    completion_tokens: Amount
    usd: Amount | None
    live_s: float | None = None


class PlannedTraining(Value):
    """What the student will be trained on: rows, their tokens, and dollars (None: no price).

    `seconds` of a training on this machine, by former ones of the run; None: there were none.
    What a job at a host takes only the host knows, once it has begun.
    """

    trainer: TrainerName = "openai"
    rows: float
    tokens: float
    usd: float | None
    seconds: float | None = None


class LaneTime(Value):
    """How long something takes by a lane, in seconds; `source`: by what, or why that is unknown.

    `low_s` None: too little is known for a lower end; `high_s` None: for any.
    """

    way: LaneChoice  # the lane; plan.json has called it so from the beginning
    low_s: float | None
    high_s: float | None
    source: str


class Plan(Value):
    """RUN/plan.json: what was planned, and when.

    `sampled_chunks` of `chunks` had been asked about, for `asked_usd` at live prices (None: an
    unknown price) with their answers; `left_chunks` were to be. `stages` are those of the dataset,
    `usd` is all of them together at live prices; in batches `batch_share` of it, by flex
    `flex_share`. `live_s` is how long they take under the limits, None: no limit is known.
    `evaluation` are the stages of `distill evaluate` for all models, a student included; `tuning`
    None: nothing was sampled. `times` are those of the dataset by each lane there is,
    `evaluation_times` those of the evaluation, none where models answer on servers of their own.
    """

    planned_at: str
    model: str
    chunks: int
    sampled_chunks: int
    left_chunks: int
    asked_usd: float | None
    stages: tuple[StagePlan, ...]
    usd: Amount | None
    batch_share: float
    live_s: float | None
    flex_share: float = 0.5
    evaluation: tuple[StagePlan, ...] = ()
    tuning: PlannedTraining | None = None
    times: tuple[LaneTime, ...] = ()
    evaluation_times: tuple[LaneTime, ...] = ()

    @property
    def has_left(self) -> bool:
        """Whether something will be asked."""
        return any(stage.requests.high >= 1 for stage in self.stages)


class EvaluationPlan(Value):
    """What an evaluation alone will ask; `times` as in `Plan`."""

    stages: tuple[StagePlan, ...]
    times: tuple[LaneTime, ...]


def together(amounts: Sequence[Amount | None]) -> Amount | None:
    """The sum; its interval is that of amounts that go up and down together, so rather too wide."""
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts):
        return None
    values = [amount.value for amount in known if amount.value is not None]
    lows = [amount.low for amount in known if amount.low is not None]
    is_expected = len(values) == len(known)
    return Amount(
        value=sum(values) if is_expected else None,
        low=sum(lows) if is_expected else None,
        high=sum(amount.high for amount in known),
    )
