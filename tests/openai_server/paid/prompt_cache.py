"""The provider's prompt cache: which leading part of a prompt was seen before."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.openai_server.config import ModelCard
from tests.openai_server.replies import message_text

CHARS_PER_TOKEN = 4
_SHORTEST_TOKENS = 1_024  # OpenAI prompt caching guide
_STEP_TOKENS = 128  # hits grow in steps of 128 tokens, same guide
_ROUTED_CHARS = 256 * CHARS_PER_TOKEN  # by which a request finds its machine, same guide
_MAX_BREAKPOINTS = 4  # writes of one request, same guide
_LARGEST = 200_000  # entries; then it forgets everything


class CacheUse(NamedTuple):
    """What a request reads, and the prefixes that it writes once it is answered."""

    read_tokens: int = 0
    written_tokens: int = 0
    writes: tuple[bytes, ...] = ()


class PromptCache:
    """Remembers prefixes by hash, per model.

    Older models are matched in steps from the beginning, and writing costs nothing. Models that
    charge writes are matched at breakpoints alone: at those that parts of the content carry, and
    at the end of the last message unless `prompt_cache_options` says explicit.
    """

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def look_up(self, body: Mapping[str, Any], model: ModelCard) -> CacheUse:
        """What a request finds when it arrives."""
        if not model.caches_prompts:
            return CacheUse()
        if model.charges_cache_writes:
            return self._at_breakpoints(body, model)
        return self._in_steps(body, model)

    def remember(self, use: CacheUse) -> None:
        """A request was answered: what it writes can be read from now on."""
        if len(self._seen) > _LARGEST:
            self._seen.clear()
        self._seen.update(use.writes)

    def _in_steps(self, body: Mapping[str, Any], model: ModelCard) -> CacheUse:
        prompt = _prompt_text(body)
        read_chars = 0
        writes = []
        for end, digest in _stepped_prefixes(f"{model.id}\n{_schema_hash(body)}", prompt):
            if digest in self._seen:
                read_chars = end
            writes.append(digest)
        return CacheUse(read_chars // CHARS_PER_TOKEN, 0, tuple(writes))

    def _at_breakpoints(self, body: Mapping[str, Any], model: ModelCard) -> CacheUse:
        prompt = _prompt_text(body)
        key = body.get("prompt_cache_key", "")
        machine = f"{model.id}\n{key}\n{_schema_hash(body)}\n{prompt[:_ROUTED_CHARS]}"
        ends = [end for end in _breakpoints(body) if end >= _SHORTEST_TOKENS * CHARS_PER_TOKEN]
        prefixes = {end: _digest(machine, prompt[:end]) for end in ends[-_MAX_BREAKPOINTS:]}
        read = max((end for end, digest in prefixes.items() if digest in self._seen), default=0)
        last = max(prefixes, default=0)
        return CacheUse(
            read // CHARS_PER_TOKEN,
            max(last - read, 0) // CHARS_PER_TOKEN,
            tuple(digest for end, digest in prefixes.items() if end > read),
        )


def _stepped_prefixes(model: str, prompt: str) -> Iterator[tuple[int, bytes]]:
    """Every prefix that an older model keeps: its end in characters, and its hash."""
    end = _SHORTEST_TOKENS * CHARS_PER_TOKEN
    if len(prompt) < end:
        return
    digest = hashlib.blake2b(f"{model}\n{prompt[:end]}".encode(), digest_size=16)
    while True:
        yield end, digest.digest()
        step = prompt[end : end + _STEP_TOKENS * CHARS_PER_TOKEN]
        if len(step) < _STEP_TOKENS * CHARS_PER_TOKEN:
            return
        digest.update(step.encode())
        end += len(step)


def _breakpoints(body: Mapping[str, Any]) -> list[int]:
    """Where breakpoints stand in the text of a prompt, in characters."""
    ends, position = [], 0
    for index, message in enumerate(body["messages"]):
        position += index > 0
        content = message.get("content") or ""
        parts: list[dict[str, Any]] = [{"text": content}] if isinstance(content, str) else content
        for part in parts:
            position += len(part.get("text", ""))
            if (part.get("prompt_cache_breakpoint") or {}).get("mode") == "explicit":
                ends.append(position)
    if (body.get("prompt_cache_options") or {}).get("mode") != "explicit":
        ends.append(position)
    return sorted(set(ends))


def _prompt_text(body: Mapping[str, Any]) -> str:
    return "\n".join(message_text(message) for message in body["messages"])


def _schema_hash(body: Mapping[str, Any]) -> str:
    """Stands for the schema, which precedes the first message (OpenAI prompt caching guide)."""
    schema = body.get("response_format")
    return "" if schema is None else hashlib.blake2b(repr(schema).encode()).hexdigest()


def _digest(machine: str, prefix: str) -> bytes:
    return hashlib.blake2b(f"{machine}\n{prefix}".encode(), digest_size=16).digest()
