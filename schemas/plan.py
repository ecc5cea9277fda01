"""What a run will still ask and cost, as it was planned."""

from schemas.record import Value


class Amount(Value):
    """An expected amount, and the ends of its 95% interval.

    `value` is None where nothing was sampled: then only `high` is known, the most that it can be.
    """

    value: float | None
    low: float | None
    high: float


class StagePlan(Value):
    """What a stage will still ask. `usd` at live prices, None: the price is unknown.

    `item_count` items (chunks, or questions) are expected to be left.
    """

    stage: str
    requests: Amount
    prompt_tokens: Amount
    completion_tokens: Amount
    usd: Amount | None


class Plan(Value):
    """RUN/plan.json: what was planned, and when.

    `sampled_chunks` of `chunks` had been asked about, for `asked_usd` at live prices (None: an
    unknown price) with their answers; `left_chunks` were to be. `usd` are all stages together at
    live prices; in batches `batch_share` of it. `live_s` is how long it takes under the limits,
    None: no limit is known.
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

    @property
    def has_left(self) -> bool:
        """Whether something will be asked."""
        return any(stage.requests.high >= 1 for stage in self.stages)
