"""Outcomes as the lane returns them."""

from typing import Any

from schemas.outcomes import Completed, Failed, Usage

_SHARED: dict[str, Any] = {
    "model": "m",
    "purpose": "m",
    "lane": "live",
    "attempts": 1,
    "usage": Usage(),
    "cost_usd": 0.0,
    "latency_s": 0.1,
    "settled_at": "2026-11-25T00:00:00+00:00",
}


def completed(custom_id: str, *, raw: bytes = b"{}") -> Completed:
    return Completed(request_id=custom_id, reply={}, raw=raw, **_SHARED)


def failed(
    custom_id: str,
    *,
    code: str = "invalid_value",
    status: int | None = None,
    message: str = "no",
    reply: Any = None,
) -> Failed:
    return Failed(
        request_id=custom_id, code=code, message=message, status=status, reply=reply, **_SHARED
    )
