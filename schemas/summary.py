"""The state of a run in numbers, read from its files."""

from schemas.record import Value


class StageSummary(Value):
    """How many items a stage has finished, what came out, and what was dropped for which reason."""

    finished: int
    results: int
    dropped: dict[str, int]


class RequestSummary(Value):
    """Settled requests of one purpose, their tokens and dollars (None: some price is unknown)."""

    completed: int
    failed: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost_usd: float | None


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
    stats.jsonl); None if there is none. `is_demo_grade`: the local model wrote the texts.
    """

    run_dir: str
    run_id: str | None
    model: str | None
    is_demo_grade: bool
    documents: int
    stages: dict[str, StageSummary]
    requests: dict[str, RequestSummary]
    rows: dict[str, int]
    batches: BatchesSummary | None
    cost_usd: float | None
    writer: str | None
    stats: dict[str, object] | None
