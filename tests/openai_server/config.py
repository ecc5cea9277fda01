"""What the stand-in does: keys, models, limits, faults, latency, outage, slow calls. JSON."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from schemas.record import Value
from tests.openai_server.faults import Fault
from tests.openai_server.slow.config import BatchRules, FileRules, FineTuningRules, Operation

API_KEY = "sk-test-double"
ANY_MODEL = "*"

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Probability = Annotated[float, Field(ge=0, le=1)]
RateLimitHeaders = Literal["full", "partial", "off"]


class ModelCard(Value):
    """One model that is served; any other answers 404 `model_not_found`."""

    id: str
    created: int = 1_735_689_600
    owned_by: str = "system"
    shutdown_date: str | None = None
    context_tokens: int = 128_000
    dimensions: int | None = None  # of its vectors; None: a chat model
    accepts_temperature: bool = True  # most reasoning models do not
    caches_prompts: bool = True  # False: usage and cost do not depend on the order of calls
    charges_cache_writes: bool = False  # gpt-5.6 and newer: cached at breakpoints, writes reported
    tiers: tuple[str, ...] = ()  # that it serves beside the usual one


class ModelLimits(Value):
    """Limits of one model for one key, enforced in windows of `burst_s`. None: no limit.

    `is_refunded`: once answered, what was reserved above the real usage is given back.
    """

    requests_per_minute: Positive | None = None
    tokens_per_minute: Positive | None = None
    burst_s: Positive = 1.0
    is_refunded: bool = True


class Faults(Value):
    """Which calls go wrong: by probability each, or by the call's number (1-based)."""

    probabilities: dict[Fault, Probability] = Field(default_factory=dict)
    calls: dict[int, Fault] = Field(default_factory=dict)
    seed: int = 0
    hang_s: NotNegative = 30.0
    retry_after_s: NotNegative = 0.5


class FlexRules(Value):
    """Flex: the share of requests that find no capacity, and are refused unbilled.

    `served_as` is the tier that serves the others. `extra_s`: how much longer they take.
    """

    scarcity: Probability = 0.0
    seed: int = 0
    refusal: Literal["429", "498"] = "429"  # 498: Groq
    served_as: str = "flex"
    extra_s: NotNegative = 0.0


class Latency(Value):
    """How long an answer takes: lognormal around the median; constant when `sigma` is 0."""

    median_s: NotNegative = 0.0
    sigma: NotNegative = 0.0
    seed: int = 0


class Outage(Value):
    """From call number `after_calls` on, nobody is answered for `duration_s` (None: for good).

    `refused`: open connections are reset and new ones refused; `gateway`: HTML with status 502.
    """

    kind: Literal["refused", "gateway"] = "refused"
    after_calls: Annotated[int, Field(ge=0)] = 0
    duration_s: NotNegative | None = None


def new_card(name: str) -> ModelCard:
    """A model of today: with the tiers flex and priority, and a cache that charges writes."""
    return ModelCard(
        id=name,
        context_tokens=400_000,
        charges_cache_writes=True,
        tiers=("flex", "priority"),
    )


class ServerConfig(Value):
    """Everything at once. `limits` by model name, or `*` for all that are not named."""

    api_keys: tuple[str, ...] = (API_KEY,)
    key_header: Literal["bearer", "api-key"] = "bearer"  # api-key: Azure
    path_prefix: str = ""  # before /v1, such as /openai: Azure
    models: tuple[ModelCard, ...] = (
        new_card("gpt-6.1-sol"),
        new_card("gpt-6.1-terra"),
        new_card("gpt-6-luna"),
        ModelCard(id="gpt-4.1-mini", context_tokens=1_047_576, shutdown_date="2027-01-14"),
        ModelCard(id="gpt-4o-mini", shutdown_date="2027-01-14"),
        ModelCard(id="text-embedding-3-small", context_tokens=8_192, dimensions=1536),
    )
    limits: dict[str, ModelLimits] = Field(default_factory=dict)
    rate_limit_headers: RateLimitHeaders = "full"
    faults: Faults = Faults()
    flex: FlexRules = FlexRules()
    unknown_parameters: tuple[str, ...] = ()  # of bodies: refused with 400, as strict servers do
    latency: Latency = Latency()
    outage: Outage | None = None
    files: FileRules = FileRules()
    batches: BatchRules = BatchRules()
    fine_tuning: FineTuningRules = FineTuningRules()
    slow_faults: dict[Operation, Faults] = Field(default_factory=dict)  # calls counted by operation
    is_pretty: bool = True  # replies over several lines, as the API sends them
    flags_are_0_or_1: bool = (
        False  # what ragas' prompts want 1 or 0 for; its schemas take any integer
    )
    kept_bodies: Annotated[int, Field(ge=0)] = 10_000  # of the first calls; the rest as hashes

    def changed(self, changes: Mapping[str, object]) -> "ServerConfig":
        """This configuration with whole top-level entries replaced.

        Raises:
            pydantic.ValidationError: an entry is unknown or not what is expected.
        """
        return ServerConfig.model_validate({**self.model_dump(), **changes})
