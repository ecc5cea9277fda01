"""The state of a run in numbers, read from its files."""

from typing import Literal

from pydantic import Field

from schemas.dataset import DocumentCoverage
from schemas.documents import HeldOutCheck
from schemas.record import Value

StateName = Literal["running", "waiting", "complete", "left", "interrupted", "failed", "unknown"]


class RunState(Value):
    """Where a run stands. `since`: when the command began that runs, or when the last one ended.

    `waiting`: no command runs, and requests are out in batches. `left`: some items wait for the
    next call, `message` says why; or what went wrong. `unknown`: an earlier version wrote it.
    `stage` is the one that is not complete, the `stage_number`th of `stage_count`; None: all are.
    """

    name: StateName
    command: str | None
    since: str | None
    message: str
    stage: str | None
    stage_number: int
    stage_count: int


class StageSummary(Value):
    """How many items a stage has finished, what came out, and what was dropped for which reason.

    `total` counts its items, as far as earlier stages have come; None: it takes all at once.
    """

    total: int | None = None
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


class OpenBatch(Value):
    """A batch whose requests are out, as the last poll found it.

    `expires_at`: when the provider gives up what it has not answered.
    """

    batch: str
    batch_id: str
    state: str
    request_count: int
    answered_count: int
    made_at: str
    expires_at: str


class BatchesSummary(Value):
    """Batches whose requests are out, and those that were collected.

    `wasted_usd` was paid for replies that settled nothing: cut off, or deleted by the provider.
    `problems` are the last batches that failed as a whole, each with the provider's words.
    """

    out: int
    requests_out: int
    collected: int
    wasted_usd: float
    open: tuple[OpenBatch, ...] = ()
    problems: tuple[str, ...] = ()


class Remaining(Value):
    """What the stages of the dataset will still ask, by what they have asked for each item so far.

    `per_s` is how many requests were settled a second in the last minutes, `seconds` what the rest
    takes at that rate; None: no process sends now, or it is too early to tell, or batches are out.
    """

    requests: int
    per_s: float | None
    seconds: int | None


class ScoreSummary(Value):
    """A mean score of the last comparison with its 95% interval, over `n` questions."""

    contender: str
    model: str
    metric: str
    n: int
    value: float
    low: float | None
    high: float | None


class DocumentsSummary(Value):
    """Documents that are trained on, and those of them with a row.

    `poorest`: some of them, those with the fewest rows a chunk first.
    """

    trained: int
    with_rows: int
    poorest: tuple[DocumentCoverage, ...]


class CoverageSummary(Value):
    """Chunks in all and those asked about; on the side of training, those asked and with a row.

    `documents`: the same by document; None: a version before wrote the dataset.
    """

    chunks: int
    asked: int
    trained: int
    with_rows: int
    documents: DocumentsSummary | None = None


class RunSummary(Value):
    """A run in numbers. `rows` counts the lines of each file of the dataset.

    `writer` is the process that writes the run now, `stats` its counters (docs/run-folder.md,
    stats.jsonl); None if there is none. `held_out_check` says how far held-out text stands in
    training text; None: not looked at yet. `is_demo_grade`: the local model wrote the texts. Of
    `cost_usd`, `estimated_usd` is our own count and not the provider's word; in it `lost_usd` is
    the most that replies may have cost that never came. `usable_chunks` may be asked about,
    `limit_chunks` of them are if it is set. `remaining` None: too early to tell.
    """

    run_dir: str
    run_id: str | None
    state: RunState
    model: str | None
    is_demo_grade: bool
    documents: int
    usable_chunks: int
    limit_chunks: int | None
    stages: dict[str, StageSummary]
    requests: dict[str, RequestSummary]
    rows: dict[str, int]
    held_out_check: HeldOutCheck | None
    coverage: CoverageSummary | None
    batches: BatchesSummary | None
    cost_usd: float | None
    estimated_usd: float
    lost_usd: float
    budget_usd: float | None
    remaining: Remaining | None
    scores: tuple[ScoreSummary, ...]
    writer: str | None
    stats: dict[str, object] | None
