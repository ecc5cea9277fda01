"""The state of a run in numbers, read from its files."""

from pydantic import Field

from schemas.documents import HeldOutCheck
from schemas.record import Value


class StageSummary(Value):
    """How many items a stage has finished, what came out, and what was dropped for which reason."""

    finished: int
    results: int
    dropped: dict[str, int]


class RequestSummary(Value):
    """Settled requests of one purpose, their tokens and dollars (None: some price is unknown).

    `tiers` counts the requests that a service tier other than the usual one answered, and those of
    batches, by name. `estimated_usd` is the part of the cost for which the replies named no tokens
    that can be true.
    """

    completed: int
    failed: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost_usd: float | None
    estimated_usd: float = 0.0
    cache_write_tokens: int = 0
    tiers: dict[str, int] = Field(default_factory=dict)


class BatchesSummary(Value):
    """Batches whose requests are out, and those that were collected.

    `wasted_usd` was paid for replies that settled nothing: cut off, or deleted by the provider.
    """

    out: int
    requests_out: int
    collected: int
    wasted_usd: float


class RunSummary(Value):
    """A run in numbers. `rows` counts the lines of each file of the dataset.

    `writer` is the process that writes the run now, `stats` its counters (docs/run-folder.md,
    stats.jsonl); None if there is none. `held_out_check` says how far held-out text stands in
    training text; None: not looked at yet. `is_demo_grade`: the local model wrote the texts. Of
    `cost_usd`, `lost_usd` is the most that replies may have cost that never came.
    """

    run_dir: str
    run_id: str | None
    model: str | None
    is_demo_grade: bool
    documents: int
    stages: dict[str, StageSummary]
    requests: dict[str, RequestSummary]
    rows: dict[str, int]
    held_out_check: HeldOutCheck | None
    batches: BatchesSummary | None
    cost_usd: float | None
    lost_usd: float
    writer: str | None
    stats: dict[str, object] | None
