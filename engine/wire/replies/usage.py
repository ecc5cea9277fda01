"""The tokens that a reply reports as billed, and what counts where that cannot be right."""

from typing import NamedTuple

from schemas.outcomes import Usage
from schemas.requests import Json

MAX_TOKENS = 10**9  # more than any model reads or writes; a larger count cannot be true
NO_DETAILS: dict[str, Json] = {}


class CountedUsage(NamedTuple):
    """The tokens that count as billed. Estimated: at least one of them is our own count."""

    usage: Usage
    is_estimated: bool


class ReportedUsage(NamedTuple):
    """What a reply says of its tokens; None: nothing, or nothing that can be true."""

    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None
    total_tokens: int | None
    cache_write_tokens: int | None

    def or_at_most(self, worst: Usage) -> CountedUsage:
        """The tokens to count, where `worst` are the most that the send may be billed for.

        What is not reported counts in full, and as not cached, so that the count is never below
        the bill. Some servers name hidden reasoning in the total alone: it counts as output.
        """
        prompt, completion, cached, total, written = self
        if (
            prompt is not None
            and completion is not None
            and cached is not None
            and written is not None
            and cached + written <= prompt
            and (total or 0) <= prompt + completion
        ):
            return CountedUsage(Usage(prompt, completion, cached, written), is_estimated=False)
        return self._at_most(worst)

    def _at_most(self, worst: Usage) -> CountedUsage:
        prompt = worst.prompt_tokens if self.prompt_tokens is None else self.prompt_tokens
        cached = self.cached_tokens
        written = self.cache_write_tokens
        if self.prompt_tokens is None:
            cached, written = None, worst.cache_write_tokens
        elif cached is None or written is None or cached + written > prompt:
            cached, written = None, prompt
        completion = worst.completion_tokens
        if self.completion_tokens is not None:
            hidden = min((self.total_tokens or 0) - prompt, worst.completion_tokens)
            completion = max(self.completion_tokens, hidden)
        is_estimated = None in (self.prompt_tokens, self.completion_tokens, cached)
        return CountedUsage(Usage(prompt, completion, cached or 0, written), is_estimated)


def count_usage(reply: dict[str, Json], worst: Usage) -> CountedUsage:
    """The tokens to count for a reply, where `worst` are the most that it may be billed for."""
    return plain_usage(reply) or read_usage(reply).or_at_most(worst)


def plain_usage(reply: dict[str, Json]) -> CountedUsage | None:
    """The tokens of a reply that reports what nearly all do; None: see what others report."""
    usage = reply.get("usage")
    if type(usage) is dict:
        prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
        details = usage.get("prompt_tokens_details") or NO_DETAILS
        written_details = usage.get("completion_tokens_details") or NO_DETAILS
        if (
            type(prompt) is type(completion) is int
            and type(details) is type(written_details) is dict
            and type(hidden := written_details.get("reasoning_tokens") or 0) is int
            and hidden <= completion
            and type(cached := details.get("cached_tokens", 0)) is int
            and type(written := details.get("cache_write_tokens", 0)) is int
            and prompt > 0 < completion
            and cached >= 0 <= written
            and cached + written <= prompt <= MAX_TOKENS
            and completion <= MAX_TOKENS
            and usage.get("total_tokens") == prompt + completion
        ):
            return CountedUsage(Usage(prompt, completion, cached, written), is_estimated=False)
    return None


def read_usage(reply: dict[str, Json]) -> ReportedUsage:
    """What a reply says of its tokens. Fractions, negative or huge numbers say nothing.

    Nor does a prompt of no tokens, or an output of none where there is a text. Reasoning that is
    more than the output was not counted as output.
    """
    usage = reply.get("usage")
    if not isinstance(usage, dict):
        return ReportedUsage(None, None, None, None, None)
    prompt = _count(usage.get("prompt_tokens")) or None
    total = _count(usage.get("total_tokens"))
    if "completion_tokens" in usage:
        completion = _written_tokens(usage, has_text=_has_text(reply))
    elif "choices" not in reply:
        completion = _hidden_tokens(usage)  # embeddings write nothing
    else:  # Vertex AI, all of it reasoning
        completion = total - prompt if prompt and total and total > prompt else None
    details = usage.get("prompt_tokens_details")
    if not isinstance(details, dict):
        return ReportedUsage(prompt, completion, 0, total, 0)
    cached, written = details.get("cached_tokens"), details.get("cache_write_tokens")
    return ReportedUsage(
        prompt,
        completion,
        0 if cached is None else _count(cached),  # not reported: nothing was read
        total,
        0 if written is None else _count(written),
    )


def _written_tokens(usage: dict[str, Json], *, has_text: bool) -> int | None:
    """The output that is reported; None: no count, or one of none in spite of a text."""
    written = _count(usage["completion_tokens"])
    if written is None or (written == 0 and has_text):
        return None
    hidden = _hidden_tokens(usage)
    return written + hidden if hidden > written else written


def _hidden_tokens(usage: dict[str, Json]) -> int:
    details = usage.get("completion_tokens_details")
    return (_count(details.get("reasoning_tokens")) or 0) if isinstance(details, dict) else 0


def _count(value: Json) -> int | None:
    return value if type(value) is int and 0 <= value <= MAX_TOKENS else None  # a bool is none


def _has_text(reply: dict[str, Json]) -> bool:
    choices = reply.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        message = choice.get("message") if isinstance(choice, dict) else None
        if isinstance(message, dict) and (message.get("content") or message.get("tool_calls")):
            return True
    return False
