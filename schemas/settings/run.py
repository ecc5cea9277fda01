"""The settings of a run: validated once, each with its default, its unit and what it touches."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from schemas.parameters import Parameters, reply_parameters
from schemas.record import Value, is_empty
from schemas.settings.addresses import OPENAI_ADDRESS, Address, HeaderValue, VariableName
from schemas.settings.dataset import AnswerSettings, DatasetSettings, QuestionSettings
from schemas.settings.documents import ChunkSettings, DocumentSettings
from schemas.settings.touches import IN_IDS, OPERATIONAL, Touches
from schemas.settings.types import (
    AboveZero,
    CacheChoice,
    Fraction,
    JsonForm,
    KeyHeader,
    NotNegative,
    OutputLimitName,
    Positive,
    PromptProfile,
    ProviderName,
    Scorer,
    Temperature,
    TrainerName,
)

# Of the files of a run folder; a newer one is refused. It grows with every release whose files or
# settings the release before it cannot read (docs/run-folder.md says what was new).
FORMAT_VERSION = 2


class SplitSettings(Value):
    """Which text is held out for the evaluation."""

    held_out_fraction: Annotated[float, Field(ge=0.0, le=0.5), Touches("split", "requests")] = 0.1
    big_document_fraction: Annotated[Fraction, Touches("split", "requests")] = 0.3
    block_tokens: Annotated[Positive, Touches("split", "requests")] = 4096
    gap_tokens: Annotated[int, Field(ge=0), Touches("split", "requests")] = 512
    seed: Annotated[int, Touches("split", "requests")] = 0


class TeacherSettings(Value):
    """Which model writes questions and answers. The key is read from the environment alone.

    `key_variable` names the variable that holds it; empty: OPENAI_API_KEY.
    """

    provider: Annotated[ProviderName, Touches("questions", "requests")] = "openai"
    model: Annotated[str, Touches("questions", "requests")] = ""
    base_url: Annotated[Address, OPERATIONAL] = OPENAI_ADDRESS
    key_variable: Annotated[VariableName, OPERATIONAL] = ""
    key_header: Annotated[KeyHeader, OPERATIONAL] = "auto"
    prompt_profile: Annotated[PromptProfile, Touches("questions", "requests")] = "standard"
    output_limit_name: Annotated[OutputLimitName, OPERATIONAL] = "max_completion_tokens"
    output: Annotated[JsonForm, OPERATIONAL] = "json_schema"
    embedding_model: Annotated[str, Touches("questions", "requests")] = ""
    prompt_cache: Annotated[CacheChoice, OPERATIONAL] = "auto"
    parameters: Annotated[Parameters, Touches("questions", "requests", reply_parameters)] = Field(
        default_factory=dict
    )

    @property
    def is_local(self) -> bool:
        """Whether it is the small model that runs on this machine for as long as the run."""
        return self.provider == "local"


class RoleSettings(Value):
    """Who plays a role of the evaluation, and where. What is not set is the teacher's.

    At an address of its own a role has a key and rates of its own: none that are not set here.
    `parameters` are the teacher's only where the judge is the teacher's model and has none.
    """

    model: Annotated[str, IN_IDS] = ""
    base_url: Annotated[Address | None, OPERATIONAL] = None
    key_variable: Annotated[VariableName, OPERATIONAL] = ""
    key_header: Annotated[KeyHeader, OPERATIONAL] = "auto"
    output_limit_name: Annotated[OutputLimitName | None, OPERATIONAL] = None
    requests_per_minute: Annotated[AboveZero | None, OPERATIONAL] = None
    tokens_per_minute: Annotated[AboveZero | None, OPERATIONAL] = None
    parameters: Annotated[Parameters, IN_IDS] = Field(default_factory=dict)


class JudgeSettings(RoleSettings):
    """Who judges, and which rows go by its verdicts; `of_rows`: it looks at them at all."""

    of_rows: Annotated[bool, Touches("verdicts", "requests")] = False
    rewords: Annotated[bool, Touches("verdicts", "requests")] = True
    temperature: Annotated[Temperature, Touches("verdicts", "requests")] = None
    max_output_tokens: Annotated[Positive, Touches("verdicts", "requests")] = 4000
    min_supported: Annotated[Fraction, Touches("verdicts", "threshold")] = 1.0
    min_useful: Annotated[int, Field(ge=1, le=5), Touches("verdicts", "threshold")] = 3


class EndpointSettings(Value):
    """One of several addresses. Its key is read from the environment variable that it names."""

    base_url: Address
    key_variable: VariableName = ""
    key_header: KeyHeader = "auto"
    requests_per_minute: AboveZero | None = None
    tokens_per_minute: AboveZero | None = None
    output_limit_name: OutputLimitName = "max_completion_tokens"


class LimitSettings(Value):
    """How fast and how often requests are sent. None: learnt from the provider's headers."""

    requests_per_minute: Annotated[AboveZero | None, OPERATIONAL] = None
    tokens_per_minute: Annotated[AboveZero | None, OPERATIONAL] = None
    max_in_flight: Annotated[int, Field(ge=1, le=10_000), OPERATIONAL] = 64
    burst_s: Annotated[float, Field(gt=0, le=60), OPERATIONAL] = 1.0
    request_timeout_s: Annotated[AboveZero, OPERATIONAL] = 300.0
    flex_timeout_s: Annotated[AboveZero, OPERATIONAL] = 900.0
    flex_patience_s: Annotated[NotNegative, OPERATIONAL] = 300.0
    max_attempts: Annotated[Positive, OPERATIONAL] = 8
    max_retry_s: Annotated[AboveZero, OPERATIONAL] = 900.0
    retry_truncated: Annotated[bool, OPERATIONAL] = True
    max_outage_s: Annotated[AboveZero, OPERATIONAL] = 3600.0
    max_reply_mb: Annotated[float, Field(gt=0, le=1024), OPERATIONAL] = 64.0
    grace_s: Annotated[NotNegative, OPERATIONAL] = 30.0
    max_idle_rounds: Annotated[Positive, OPERATIONAL] = 20


class BudgetSettings(Value):
    """What the run may cost in all, resumes included. None: no cap."""

    usd: Annotated[AboveZero | None, OPERATIONAL] = None


class BatchSettings(Value):
    """How the batch lane packs, submits and polls. None: learnt from what the provider says.

    The provider's own limits are 50,000 requests and 200 MB a file (OpenAI Batch guide).
    """

    max_requests: Annotated[int, Field(ge=1, le=50_000), OPERATIONAL] = 45_000
    max_file_mb: Annotated[float, Field(gt=0, le=200), OPERATIONAL] = 180.0
    max_result_mb: Annotated[AboveZero, OPERATIONAL] = 4000.0
    max_enqueued_tokens: Annotated[Positive | None, OPERATIONAL] = None
    max_batches_per_hour: Annotated[Positive, OPERATIONAL] = 2_000
    max_attempts: Annotated[Positive, OPERATIONAL] = 8  # as in the live lane
    price_share: Annotated[Fraction, OPERATIONAL] = 0.5
    prompt_cache: Annotated[bool, OPERATIONAL] = False
    delete_files: Annotated[bool, OPERATIONAL] = True
    live_below_requests: Annotated[int, Field(ge=0), OPERATIONAL] = 100
    settle_s: Annotated[NotNegative, OPERATIONAL] = 15.0
    poll_s: Annotated[AboveZero, OPERATIONAL] = 10.0
    max_poll_s: Annotated[AboveZero, OPERATIONAL] = 600.0


class StudentSettings(Value):
    """The student: which model is tuned, by whom, and with which parameters (None: theirs).

    Method, rank, learning rate and threads are for trainer local alone, the multiplier for jobs.
    `base_url` is the address of a trainer other than the teacher's, `key_variable` names the
    variable with its key; empty: OPENAI_API_KEY. Job fields, hyperparameters and headers are for
    hosts that want more than OpenAI does; a header `$NAME` is read from that variable.
    """

    model: Annotated[str, OPERATIONAL] = ""
    trainer: Annotated[TrainerName, OPERATIONAL] = "openai"
    base_url: Annotated[Address | None, OPERATIONAL] = None
    key_variable: Annotated[VariableName, OPERATIONAL] = ""
    key_header: Annotated[KeyHeader, OPERATIONAL] = "auto"
    epochs: Annotated[Positive | None, OPERATIONAL] = None
    learning_rate_multiplier: Annotated[AboveZero | None, OPERATIONAL] = None
    batch_size: Annotated[Positive | None, OPERATIONAL] = None
    method: Annotated[Literal["auto", "lora", "full"], OPERATIONAL] = "auto"
    rank: Annotated[Annotated[int, Field(ge=1, le=1024)] | None, OPERATIONAL] = None
    learning_rate: Annotated[AboveZero | None, OPERATIONAL] = None
    threads: Annotated[Positive | None, OPERATIONAL] = None
    seed: Annotated[int, OPERATIONAL] = 0
    suffix: Annotated[str, Field(max_length=64), OPERATIONAL] = ""
    max_row_tokens: Annotated[Positive, OPERATIONAL] = 65_536
    training_usd_per_million_tokens: Annotated[NotNegative | None, OPERATIONAL] = None
    job_fields: Annotated[dict[str, JsonValue], OPERATIONAL] = Field(default_factory=dict)
    hyperparameters: Annotated[dict[str, JsonValue], OPERATIONAL] = Field(default_factory=dict)
    headers: Annotated[dict[str, HeaderValue], OPERATIONAL] = Field(default_factory=dict)


class EvaluationSettings(Value):
    """How baseline, tuned student and teacher are compared.

    `scorer`: the steps of this project, or ragas's own code. Runs that an earlier version made
    stay with ragas.
    """

    scorer: Annotated[Scorer, IN_IDS] = "builtin"
    pairwise: Annotated[bool, IN_IDS] = False
    judge_output: Annotated[JsonForm, IN_IDS] = "json_schema"
    judge_max_output_tokens: Annotated[int, Field(ge=4096), IN_IDS] = 4096
    answer_max_output_tokens: Annotated[Positive, IN_IDS] = 900
    temperature: Annotated[Temperature, IN_IDS] = None
    retriever: Annotated[Literal["bm25", "embeddings"], IN_IDS] = "bm25"
    retrieved_chunks: Annotated[Positive, IN_IDS] = 2
    max_held_out: Annotated[int, Field(ge=0), IN_IDS] = 500
    max_new_questions: Annotated[int, Field(ge=0), IN_IDS] = 100
    max_shared_evidence: Annotated[Fraction, IN_IDS] = 0.5
    max_unanswerable: Annotated[int, Field(ge=0), IN_IDS] = 100
    unanswerable_texts: Annotated[Literal["judged", "near", "far"], IN_IDS] = "judged"
    seed: Annotated[int, IN_IDS] = 0


class ModelPrice(Value):
    """US dollars for a million tokens at live prices.

    Input that is read from a prompt cache, or written to one, costs like other input if unset.
    """

    input: Annotated[float, Field(ge=0)]
    cached_input: NotNegative | None = None
    cache_write: NotNegative | None = None
    output: Annotated[float, Field(ge=0)]


class TierSettings(Value):
    """What service tiers cost, as shares of the live price; a tier of another name costs 1."""

    flex: Annotated[NotNegative, OPERATIONAL] = 0.5
    priority: Annotated[NotNegative, OPERATIONAL] = 2.0


def _section() -> Any:  # noqa: ANN401 - what Field returns
    """A section of defaults, made with the whole: it needs no validator of its own then."""
    return Field(default_factory=dict, validate_default=True)


class RunSettings(Value):
    """Everything a run depends on, except secrets."""

    documents_dir: Annotated[Path | None, OPERATIONAL] = None
    prompts_dir: Annotated[Path | None, OPERATIONAL] = None
    limit_chunks: Annotated[Positive | None, OPERATIONAL] = None
    documents: DocumentSettings = _section()
    chunks: ChunkSettings = _section()
    split: SplitSettings = _section()
    questions: QuestionSettings = _section()
    answers: AnswerSettings = _section()
    dataset: DatasetSettings = _section()
    teacher: TeacherSettings = _section()
    limits: LimitSettings = _section()
    endpoints: Annotated[tuple[EndpointSettings, ...], OPERATIONAL] = ()
    budget: BudgetSettings = _section()
    batch: BatchSettings = _section()
    tiers: TierSettings = _section()
    student: StudentSettings = _section()
    baseline: RoleSettings = _section()
    tuned: RoleSettings = _section()
    judge: JudgeSettings = _section()
    embeddings: RoleSettings = _section()
    evaluation: EvaluationSettings = _section()
    prices: Annotated[dict[str, ModelPrice], OPERATIONAL] = Field(default_factory=dict)

    @property
    def tier_shares(self) -> dict[str, float]:
        """What service tiers cost, as shares of the live price."""
        return {**self.tiers.model_dump(), "batch": self.batch.price_share}


class RunIdentity(Value):
    """What a run folder says of itself beside its settings.

    `judge` is the model that judges its rows, which another judge of an evaluation leaves as it is.
    """

    format_version: int
    version: str
    run_id: Annotated[str, Field(min_length=1)]
    prompts: dict[str, str]
    judge: str = Field(default="", exclude_if=is_empty)
