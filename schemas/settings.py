"""The settings of a run: validated once, each with its default, its unit and what it touches."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from schemas.addresses import OPENAI_ADDRESS, Address, VariableName
from schemas.dataset import Kind
from schemas.parameters import Parameters, reply_parameters
from schemas.record import Value
from schemas.touches import EVERY_CALL, IN_IDS, OPERATIONAL, Touches

FORMAT_VERSION = 1  # of the files of a run folder; a newer one is refused

ProviderName = Literal["openai", "local"]
PromptProfile = Literal["standard", "small"]
Positive = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
AboveZero = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Temperature = Annotated[float, Field(ge=0, le=2)] | None  # None: not sent
OutputLimitName = Literal["max_completion_tokens", "max_tokens"]
KeyHeader = Literal["auto", "bearer", "api-key"]
CacheChoice = Literal["auto", "on", "off"]
JsonForm = Literal["json_schema", "json_object", "prompt"]

DEFAULT_KIND_WEIGHTS: Mapping[Kind, float] = {
    "factual": 0.35,
    "how_to": 0.2,
    "why": 0.15,
    "comparison": 0.1,
    "application": 0.1,
    "false_premise": 0.1,
}


class DocumentSettings(Value):
    """How files are read; the limits hold for one file."""

    max_seconds_per_file: Annotated[AboveZero, Touches("documents", "threshold")] = 120.0
    max_memory_mb_per_file: Annotated[Positive, Touches("documents", "threshold")] = 2048
    max_text_mb_per_file: Annotated[Positive, Touches("documents", "threshold")] = 64


class ChunkSettings(Value):
    """How documents are cut, and which chunks are not worth asking about."""

    target_tokens: Annotated[int, Field(ge=32), Touches("chunks", "requests")] = 512
    min_tokens: Annotated[Positive, Touches("chunks", "threshold")] = 40
    min_prose_share: Annotated[Fraction, Touches("chunks", "threshold")] = 0.55
    max_glued_word_share: Annotated[Fraction, Touches("chunks", "threshold")] = 0.05
    max_contents_line_share: Annotated[Fraction, Touches("chunks", "threshold")] = 0.5


class SplitSettings(Value):
    """Which text is held out for the evaluation."""

    held_out_fraction: Annotated[float, Field(ge=0.0, le=0.5), Touches("split", "requests")] = 0.1
    big_document_fraction: Annotated[Fraction, Touches("split", "requests")] = 0.3
    block_tokens: Annotated[Positive, Touches("split", "requests")] = 4096
    gap_tokens: Annotated[int, Field(ge=0), Touches("split", "requests")] = 512
    seed: Annotated[int, Touches("split", "requests")] = 0


class QuestionSettings(Value):
    """How many questions of which kinds, and which are dropped."""

    per_chunk: Annotated[int, Field(ge=1, le=20), Touches("questions", "requests")] = 3
    kind_weights: Annotated[dict[Kind, NotNegative], Touches("questions", "requests")] = Field(
        default_factory=lambda: dict(DEFAULT_KIND_WEIGHTS)
    )
    temperature: Annotated[Temperature, Touches("questions", "requests")] = None
    max_output_tokens: Annotated[Positive, Touches("questions", "requests")] = 700
    min_chars: Annotated[Positive, Touches("questions", "threshold")] = 10
    max_chars: Annotated[Positive, Touches("questions", "threshold")] = 300
    min_evidence_overlap: Annotated[Fraction, Touches("questions", "threshold")] = 0.2
    max_near_duplicate: Annotated[Fraction, Touches("kept_questions", "threshold")] = 0.7
    min_evidence_similarity: Annotated[
        float, Field(ge=-1, le=1), Touches("questions", "threshold")
    ] = 0.45

    @field_validator("kind_weights")
    @classmethod
    def _some_kind_is_wanted(cls, weights: dict[Kind, float]) -> dict[Kind, float]:
        if not sum(weights.values()) > 0:
            raise ValueError("at least one kind needs a weight above 0")
        return weights


class AnswerSettings(Value):
    """How questions are answered, and which answers are dropped."""

    temperature: Annotated[Temperature, Touches("answers", "requests")] = None
    max_output_tokens: Annotated[Positive, Touches("answers", "requests")] = 900
    min_chars: Annotated[Positive, Touches("answers", "threshold")] = 20
    max_chars: Annotated[Positive, Touches("answers", "threshold")] = 3000
    max_copy_share: Annotated[Fraction, Touches("answers", "threshold")] = 0.8
    min_evidence_overlap: Annotated[Fraction, Touches("answers", "threshold")] = 0.15
    min_question_similarity: Annotated[
        float, Field(ge=-1, le=1), Touches("answers", "threshold")
    ] = 0.4


class DatasetSettings(Value):
    """What a training row looks like and which rows validate the tuning."""

    closed_book: Annotated[bool, EVERY_CALL] = False
    validation_fraction: Annotated[float, Field(ge=0.0, le=0.5), EVERY_CALL] = 0.05


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


class BudgetSettings(Value):
    """What the run may cost in all, resumes included. None: no cap."""

    usd: Annotated[AboveZero | None, OPERATIONAL] = None


class BatchSettings(Value):
    """How the batch lane packs, submits and polls. None: learnt from what the provider says.

    The provider's own limits are 50,000 requests and 200 MB a file (OpenAI Batch guide).
    """

    max_requests: Annotated[int, Field(ge=1, le=50_000), OPERATIONAL] = 45_000
    max_file_mb: Annotated[float, Field(gt=0, le=200), OPERATIONAL] = 180.0
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

    `base_url` is the address of a trainer other than the teacher's, `key_variable` names the
    variable with its key; empty: OPENAI_API_KEY.
    """

    model: Annotated[str, OPERATIONAL] = ""
    trainer: Annotated[Literal["openai", "export"], OPERATIONAL] = "openai"
    base_url: Annotated[Address | None, OPERATIONAL] = None
    key_variable: Annotated[VariableName, OPERATIONAL] = ""
    key_header: Annotated[KeyHeader, OPERATIONAL] = "auto"
    epochs: Annotated[Positive | None, OPERATIONAL] = None
    learning_rate_multiplier: Annotated[AboveZero | None, OPERATIONAL] = None
    batch_size: Annotated[Positive | None, OPERATIONAL] = None
    seed: Annotated[int, OPERATIONAL] = 0
    suffix: Annotated[str, Field(max_length=64), OPERATIONAL] = ""
    max_row_tokens: Annotated[Positive, OPERATIONAL] = 65_536
    training_usd_per_million_tokens: Annotated[NotNegative | None, OPERATIONAL] = None


class EvaluationSettings(Value):
    """How baseline, tuned student and teacher are compared."""

    judge_output: Annotated[JsonForm, IN_IDS] = "json_schema"
    judge_max_output_tokens: Annotated[int, Field(ge=4096), IN_IDS] = 4096
    answer_max_output_tokens: Annotated[Positive, IN_IDS] = 900
    temperature: Annotated[Temperature, IN_IDS] = None
    retriever: Annotated[Literal["bm25", "embeddings"], IN_IDS] = "bm25"
    retrieved_chunks: Annotated[Positive, IN_IDS] = 2
    max_held_out: Annotated[int, Field(ge=0), IN_IDS] = 500
    max_new_questions: Annotated[int, Field(ge=0), IN_IDS] = 100
    max_unanswerable: Annotated[int, Field(ge=0), IN_IDS] = 100
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


class RunSettings(Value):
    """Everything a run depends on, except secrets."""

    documents_dir: Annotated[Path | None, OPERATIONAL] = None
    limit_chunks: Annotated[Positive | None, OPERATIONAL] = None
    documents: DocumentSettings = DocumentSettings()
    chunks: ChunkSettings = ChunkSettings()
    split: SplitSettings = SplitSettings()
    questions: QuestionSettings = QuestionSettings()
    answers: AnswerSettings = AnswerSettings()
    dataset: DatasetSettings = DatasetSettings()
    teacher: TeacherSettings = TeacherSettings()
    limits: LimitSettings = LimitSettings()
    endpoints: Annotated[tuple[EndpointSettings, ...], OPERATIONAL] = ()
    budget: BudgetSettings = BudgetSettings()
    batch: BatchSettings = BatchSettings()
    tiers: TierSettings = TierSettings()
    student: StudentSettings = StudentSettings()
    baseline: RoleSettings = RoleSettings()
    tuned: RoleSettings = RoleSettings()
    judge: RoleSettings = RoleSettings()
    embeddings: RoleSettings = RoleSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    prices: Annotated[dict[str, ModelPrice], OPERATIONAL] = Field(default_factory=dict)


class RunIdentity(Value):
    """What a run folder says of itself beside its settings."""

    format_version: int
    version: str
    run_id: str
    prompts: dict[str, str]
