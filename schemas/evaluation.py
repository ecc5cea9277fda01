"""The held-out questions, what each model answered, and how the answers were scored."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from pydantic import Field

from schemas.dataset import Kind
from schemas.record import Record, Span, Value, is_empty

Role = Literal["baseline", "tuned", "teacher"]
Mode = Literal["open", "closed"]
Slice = Literal["held_out_document", "new_question", "unanswerable", "imported"]
Metric = Literal[
    "answer_relevancy",
    "faithfulness",
    "correctness",
    "similarity",
    "token_f1",
    "numbers_and_code",
    "refusal",
]

ROLES: tuple[Role, ...] = get_args(Role)
METRICS: tuple[Metric, ...] = get_args(Metric)[:-1]  # those that are averaged
ALWAYS: tuple[Metric, ...] = ("answer_relevancy", "faithfulness")  # of every answer
BY_REFERENCE: tuple[Metric, ...] = ("correctness", "similarity", "token_f1", "numbers_and_code")
REFUSAL: Metric = "refusal"  # 1: the answer declines; counted, not averaged


class Sample(Record):
    """One question of the evaluation with the text that it is judged against.

    `evidence` is in characters of `context`. On slice `unanswerable` the context does not hold
    the answer, and a refusal is right. `path`, `kind` are unset for imported questions whose
    origin is unknown. `reference` is a right answer, where one is known.
    """

    sample_id: str
    slice: Slice
    question: str
    context: str
    path: str = ""
    title: str = ""
    document_id: str = ""
    chunk_ids: tuple[str, ...] = ()
    kind: Kind | None = None
    evidence: tuple[Span, ...] = ()
    reference: str = Field(default="", exclude_if=is_empty)


class ModelAnswer(Record):
    """What one model answered to one sample; `is_refusal`: it said that it cannot answer."""

    answer_id: str
    sample_id: str
    role: Role
    model: str
    mode: Mode
    text: str
    is_refusal: bool
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    request_id: str


ClaimVerdict = Literal[
    # by the excerpt: statements of the answer
    "supported",
    "unsupported",
    # beside the reference: claims
    "right",
    "wrong",
    "missing",
    "extra",
    # questions that the judge made of the answer
    "asked",
    "evasive",
    # the answer as a whole, in scores that an earlier version wrote
    "answers",
    "declines",
]


class ClaimFinding(Value):
    """What the judge said of one claim, and why."""

    claim: str
    verdict: ClaimVerdict
    reason: str = ""


def is_evasive(findings: Sequence[ClaimFinding]) -> bool:
    """Whether the judge called an answer noncommittal each time that it made a question of it."""
    return bool(findings) and all(finding.verdict == "evasive" for finding in findings)


class Score(Record):
    """One metric of one answer. `value` None: it could not be scored, `problem` says why.

    `findings`: what the judge said of each part. `prompt_hash`: of the judge's instructions.
    `ragas_version` empty: computed by this project's own steps. Models that a metric does not ask
    are empty.
    """

    score_id: str
    answer_id: str
    sample_id: str
    role: Role
    mode: Mode
    metric: Metric
    value: float | None
    problem: str
    judge_model: str
    embedding_model: str
    ragas_version: str
    prompt_hash: str = Field(default="", exclude_if=is_empty)
    findings: tuple[ClaimFinding, ...] = Field(default=(), exclude_if=is_empty)


PairOutcome = Literal["win", "tie", "loss"]


class PairVerdict(Record):
    """Which of two answers to one question the judge calls better, asked in both orders.

    `outcome` is that of `role` beside `versus`; a tie also where the two orders disagree, which
    `is_consistent` says. None: there is no verdict, `problem` says why.
    """

    pair_id: str
    sample_id: str
    mode: Mode
    role: Role
    versus: Role
    answer_id: str
    versus_answer_id: str
    outcome: PairOutcome | None
    is_consistent: bool
    reasons: tuple[str, ...]
    problem: str
    judge_model: str
    prompt_hash: str


class Contest(NamedTuple):
    """The models by role and their mode. `questions`: only these, in place of the run's own."""

    models: Mapping[Role, str]
    mode: Mode
    questions: Sequence[str] | None
