"""Requests and how they ended, with a default for everything that a test does not care about."""

from collections.abc import Mapping

import orjson

from schemas.outcomes import Completed, Failed, LaneName, Usage
from schemas.requests import CHAT_COMPLETIONS, Json, Request

SETTLED_AT = "2026-11-25T00:00:00+00:00"


def chat_request(
    request_id: str = "a",
    *,
    model: str = "m",
    purpose: str = "answers",
    prompt_tokens: int = 20,
    output_tokens: int = 100,
    server: str = "",
    response_format: Json = None,
) -> Request:
    """A chat request whose id and only message are `request_id`.

    With `output_tokens` 0 its body sets no output limit.
    """
    limit = {"max_completion_tokens": output_tokens} if output_tokens else {}
    form = {"response_format": response_format} if response_format else {}
    messages = [{"role": "user", "content": request_id}]
    return Request(
        request_id=request_id,
        url=CHAT_COMPLETIONS,
        model=model,
        payload=orjson.dumps({"model": model, "messages": messages, **limit, **form}),
        purpose=purpose,
        prompt_tokens=prompt_tokens,
        max_output_tokens=output_tokens,
        server=server,
    )


def completed(
    request: Request,
    reply: Mapping[str, Json] | str = "Yes.",
    *,
    raw: bytes | None = None,
    usage: Usage = Usage(prompt_tokens=10, completion_tokens=5),  # noqa: B008 (frozen)
    cost_usd: float | None = 0.0,
    lane: LaneName = "live",
) -> Completed:
    """The outcome of a request that was answered at the first attempt.

    `reply` is the whole body, or the text of a chat completion; `raw` is the body's bytes if they
    are to differ from it.
    """
    body = _chat_completion(reply) if isinstance(reply, str) else dict(reply)
    return Completed(
        request_id=request.request_id,
        model=request.model,
        purpose=request.purpose,
        lane=lane,
        attempts=1,
        usage=usage,
        cost_usd=cost_usd,
        latency_s=0.1,
        settled_at=SETTLED_AT,
        reply=body,
        raw=orjson.dumps(body) if raw is None else raw,
    )


def failed(
    request: Request,
    code: str = "invalid_value",
    *,
    message: str = "no",
    status: int | None = 400,
    reply: Mapping[str, Json] | None = None,
    cost_usd: float | None = 0.0,
) -> Failed:
    """The outcome of a request that was refused for good at the first attempt."""
    return Failed(
        request_id=request.request_id,
        model=request.model,
        purpose=request.purpose,
        lane="live",
        attempts=1,
        usage=Usage(),
        cost_usd=cost_usd,
        latency_s=0.1,
        settled_at=SETTLED_AT,
        code=code,
        message=message,
        status=status,
        reply=None if reply is None else dict(reply),
    )


def _chat_completion(content: str) -> dict[str, Json]:
    message: dict[str, Json] = {"role": "assistant", "content": content, "refusal": None}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
