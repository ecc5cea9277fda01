"""POST /v1/chat/completions."""

from collections.abc import Mapping
from typing import Any

from tests.openai_server.config import ModelCard
from tests.openai_server.errors import ApiError
from tests.openai_server.faults import Fault
from tests.openai_server.paid.api import Answer, PaidCall, count_tokens
from tests.openai_server.paid.chat_validation import check_chat_body, check_messages
from tests.openai_server.paid.prompt_cache import CacheUse, PromptCache
from tests.openai_server.replies import Reply, Responder, message_text

_MESSAGE_TOKENS = 4  # role and separators of one message
_CREATED = 1_795_000_000  # fixed: equal requests have equal replies, byte for byte


class ChatCompletions:
    """Answers chat completions with what the responder says."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._cache = PromptCache()

    def reserved_tokens(self, body: dict[str, Any], model: ModelCard) -> int:
        """Prompt plus `n` times the output limit. Raises ApiError for a body that is wrong."""
        check_chat_body(body, model)
        prompt_tokens = prompt_tokens_of(body)
        limit = _output_limit(body) or 0
        if prompt_tokens + limit > model.context_tokens:
            message = (
                f"This model's maximum context length is {model.context_tokens} tokens. However, "
                f"you requested {prompt_tokens + limit} tokens ({prompt_tokens} in the messages, "
                f"{limit} in the completion). Please reduce the length of either one."
            )
            raise ApiError(400, "context_length_exceeded", message, param="messages")
        return prompt_tokens + (body.get("n") or 1) * limit

    def input_tokens(self, body: dict[str, Any]) -> int:
        """The prompt's; 0 for messages that are wrong."""
        try:
            check_messages(body.get("messages"))
        except ApiError:
            return 0
        return prompt_tokens_of(body)

    def look_up(self, body: dict[str, Any], model: ModelCard) -> CacheUse:
        """What a checked body finds in the prompt cache when it arrives."""
        return self._cache.look_up(body, model)

    def answer(self, call: PaidCall) -> Answer:
        """The responder's choices, cut to the output limit, with their usage."""
        body, model, number = call.body, call.model, call.number
        self._cache.remember(call.cache)
        bodies = [body, *({**body, "choice": index} for index in range(1, body.get("n") or 1))]
        replies = [_limited(self._responder(each, number), _output_limit(body)) for each in bodies]
        first = replies[0]
        prompt_tokens = first.prompt_tokens
        if prompt_tokens is None:
            prompt_tokens = prompt_tokens_of(body)
        cached_tokens = first.cached_tokens
        if cached_tokens is None:
            cached_tokens = min(call.cache.read_tokens, prompt_tokens)
        written_tokens = min(call.cache.written_tokens, prompt_tokens - cached_tokens)
        completion_tokens = sum(_completion_tokens(reply) for reply in replies)
        payload = {
            "id": f"chatcmpl-{call.seed}",
            "object": "chat.completion",
            "created": _CREATED,
            "model": model.id,
            "choices": [_choice(index, reply) for index, reply in enumerate(replies)],
            "usage": _usage(prompt_tokens, completion_tokens, cached_tokens, written_tokens),
            "service_tier": call.tier,
            "system_fingerprint": "fp_test_double",
        }
        return Answer(payload, prompt_tokens, completion_tokens, cached_tokens, written_tokens)

    def spoil(self, answer: Answer, fault: Fault | None) -> Answer:
        """Every choice truncated, refused or filtered; the bill stays."""
        if fault not in ("length", "refusal", "content_filter"):
            return answer
        choices = [_spoilt(choice, fault) for choice in answer.payload["choices"]]
        return answer._replace(payload={**answer.payload, "choices": choices})


def prompt_tokens_of(body: Mapping[str, Any]) -> int:
    """The tokens of all messages, which must be sound."""
    messages = body["messages"]
    return sum(count_tokens(message_text(each)) + _MESSAGE_TOKENS for each in messages)


def _output_limit(body: Mapping[str, Any]) -> int | None:
    limit: int | None = body.get("max_completion_tokens") or body.get("max_tokens")
    return limit


def _completion_tokens(reply: Reply) -> int:
    if reply.completion_tokens is not None:
        return reply.completion_tokens
    return max(1, count_tokens((reply.content or "") + (reply.refusal or "")))


def _limited(reply: Reply, limit: int | None) -> Reply:
    if limit is None or _completion_tokens(reply) <= limit:
        return reply
    content = reply.content and reply.content[: limit * 4]
    return Reply(
        content,
        reply.refusal,
        "length",
        prompt_tokens=reply.prompt_tokens,
        completion_tokens=limit,
        cached_tokens=reply.cached_tokens,
    )


def _choice(index: int, reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": reply.content,
        "refusal": reply.refusal,
        "annotations": [],
    }
    return {
        "index": index,
        "message": message,
        "logprobs": None,
        "finish_reason": reply.finish_reason,
    }


def _spoilt(choice: Mapping[str, Any], fault: Fault) -> dict[str, Any]:
    message = dict(choice["message"])
    content = message["content"] or ""
    if fault == "refusal":
        message |= {"content": None, "refusal": "I'm sorry, I can't help with that."}
        return {**choice, "message": message}
    message["content"] = content[: len(content) // 2]
    return {**choice, "message": message, "finish_reason": fault}


def _usage(
    prompt_tokens: int, completion_tokens: int, cached_tokens: int, written_tokens: int
) -> dict[str, Any]:
    details = {"cached_tokens": cached_tokens, "audio_tokens": 0}
    if written_tokens:
        details["cache_write_tokens"] = written_tokens
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": details,
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
