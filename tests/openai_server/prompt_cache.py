"""The provider's prompt cache: which leading part of a prompt was seen before."""

import hashlib

_CHARS_PER_TOKEN = 4
_SHORTEST_TOKENS = 1_024  # OpenAI prompt caching guide
_STEP_TOKENS = 128  # hits grow in steps of 128 tokens, same guide
_LARGEST = 200_000  # entries; then it forgets everything


class PromptCache:
    """Remembers prefixes by hash, per model."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def hit_tokens(self, model: str, prompt: str) -> int:
        """Tokens of the longest known prefix, then remember all prefixes of this prompt."""
        end = _SHORTEST_TOKENS * _CHARS_PER_TOKEN
        if len(prompt) < end:
            return 0
        if len(self._seen) > _LARGEST:
            self._seen.clear()
        digest = hashlib.blake2b(f"{model}\n{prompt[:end]}".encode(), digest_size=16)
        hit_chars = 0
        while True:
            if digest.digest() in self._seen:
                hit_chars = end
            self._seen.add(digest.digest())
            step = prompt[end : end + _STEP_TOKENS * _CHARS_PER_TOKEN]
            if len(step) < _STEP_TOKENS * _CHARS_PER_TOKEN:
                return hit_chars // _CHARS_PER_TOKEN
            digest.update(step.encode())
            end += len(step)
