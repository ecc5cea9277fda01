"""The held-out questions, what each model answered, and how the answers were scored."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from schemas.dataset import Kind
from schemas.record import Record, Span

Role = Literal["baseline", "tuned", "teacher"]
Mode = Literal["open", "closed"]
Slice = Literal["held_out_document", "new_question", "unanswerable", "imported"]
Metric = Literal["answer_relevancy", "faithfulness"]

ROLES: tuple[Role, ...] = get_args(Role)
METRICS: tuple[Metric, ...] = get_args(Metric)


class Sample(Record):
    """One question of the evaluation with the text that it is judged against.

    `evidence` is in characters of `context`. On slice `unanswerable` the context does not hold
    the answer, and a refusal is right. `path`, `kind` are unset for imported questions whose
    origin is unknown.
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


class Score(Record):
    """One metric of one answer. `value` None: it could not be scored, `problem` says why."""

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


class Contest(NamedTuple):
    """The models by role and their mode. `questions`: only these, in place of the run's own."""

    models: Mapping[Role, str]
    mode: Mode
    questions: Sequence[str] | None
