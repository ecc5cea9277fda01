"""How a request ended: completed with a reply, or failed for good."""

from dataclasses import dataclass
from typing import Literal, get_args

from schemas.requests import Json

LaneName = Literal["live", "flex", "batch"]

LaneChoice = Literal[LaneName, "auto"]  # auto: as it pays

LANES: tuple[LaneChoice, ...] = get_args(LaneChoice)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider billed them.

    `cached_tokens` were read from the provider's prompt cache, `cache_write_tokens` were written to
    it; both are part of `prompt_tokens`.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Completed:
    """The provider answered. `reply` is the parsed body, `raw` its bytes on one line.

    `server_request_id` is the provider's own name for the call, empty if it gave none. Estimated:
    some of the usage, and so of the cost, is our own count. `service_tier` is the one that the last
    reply names, empty for the usual one.
    """

    request_id: str
    model: str
    purpose: str
    lane: LaneName
    attempts: int
    usage: Usage
    cost_usd: float | None
    latency_s: float
    settled_at: str
    reply: dict[str, Json]
    raw: bytes
    server_request_id: str = ""
    is_estimated: bool = False
    service_tier: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """The request can never be answered as it is. `usage` and `cost_usd` are what it cost anyway.

    `code` is the provider's error code, or one of the engine's (`truncated`, `refused`,
    `request_too_large`).
    `reply` is the parsed body, if there was one; `raw` are the bytes of an unreadable one.
    Estimated and service tier: as in `Completed`.
    """

    request_id: str
    model: str
    purpose: str
    lane: LaneName
    attempts: int
    usage: Usage
    cost_usd: float | None
    latency_s: float
    settled_at: str
    code: str
    message: str
    status: int | None
    reply: dict[str, Json] | None = None
    raw: bytes = b""
    is_estimated: bool = False
    service_tier: str = ""


Outcome = Completed | Failed
