"""POST /v1/embeddings: vectors of hashed words, so that texts sharing words are close."""

import base64
import re
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.openai_server.config import ModelCard
from tests.openai_server.errors import ApiError, invalid
from tests.openai_server.faults import Fault
from tests.openai_server.paid.api import Answer, PaidCall, count_tokens
from tests.openai_server.paid.prompt_cache import CacheUse

_MAX_INPUTS = 2_048  # API description, CreateEmbeddingRequest.input
_MAX_INPUT_TOKENS = 300_000  # summed over all inputs, same place
_WORD = re.compile(r"\w+")

Input = str | list[int]


class Embeddings:
    """Answers embedding requests. The cosine of two texts grows with the words they share."""

    def reserved_tokens(self, body: dict[str, Any], model: ModelCard) -> int:
        """The tokens of all inputs. Raises ApiError for a body that is wrong."""
        if model.dimensions is None:
            raise ApiError(404, None, "This is not an embedding model.", param="model")
        if body.get("encoding_format", "float") not in ("float", "base64"):
            raise invalid("encoding_format", "expected 'float' or 'base64'")
        inputs = _inputs(body)
        tokens = [_tokens(each) for each in inputs]
        if max(tokens) > model.context_tokens:
            message = f"This model's maximum input length is {model.context_tokens} tokens."
            raise ApiError(400, "context_length_exceeded", message, param="input")
        if sum(tokens) > _MAX_INPUT_TOKENS:
            message = f"Requested {sum(tokens)} tokens, max {_MAX_INPUT_TOKENS} tokens per request."
            raise ApiError(400, "max_tokens_per_request", message, param="input")
        return sum(tokens)

    def input_tokens(self, body: dict[str, Any]) -> int:
        """The tokens of all inputs; 0 for inputs that are wrong."""
        try:
            return sum(_tokens(each) for each in _inputs(body))
        except ApiError:
            return 0

    def look_up(self, body: dict[str, Any], model: ModelCard) -> CacheUse:
        """Nothing: embeddings have no cache."""
        return CacheUse()

    def answer(self, call: PaidCall) -> Answer:
        """One vector an input, in order."""
        body, model = call.body, call.model
        inputs = _inputs(body)
        dimensions = body.get("dimensions") or model.dimensions or 1
        is_base64 = body.get("encoding_format") == "base64"
        tokens = sum(_tokens(each) for each in inputs)
        payload = {
            "object": "list",
            "data": [
                {
                    "object": "embedding",
                    "index": index,
                    "embedding": _encoded(_vector(each, dimensions), is_base64=is_base64),
                }
                for index, each in enumerate(inputs)
            ],
            "model": model.id,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
        return Answer(payload, tokens, 0, 0)

    def spoil(self, answer: Answer, fault: Fault | None) -> Answer:
        """Nothing: a vector is neither cut short nor refused."""
        return answer


def _inputs(body: dict[str, Any]) -> list[Input]:
    value = body.get("input")
    is_single = isinstance(value, str) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], int)
    )
    inputs: Any = [value] if is_single else value
    if not isinstance(inputs, list) or not 1 <= len(inputs) <= _MAX_INPUTS:
        raise invalid("input", f"expected 1 to {_MAX_INPUTS} texts")
    if not all(isinstance(each, str | list) and each for each in inputs):
        raise invalid("input", "expected texts that are not empty")
    return inputs


def _tokens(value: Input) -> int:
    return count_tokens(value) if isinstance(value, str) else len(value)


def _vector(value: Input, dimensions: int) -> npt.NDArray[np.float32]:
    words = _WORD.findall(value.lower()) if isinstance(value, str) else map(str, value)
    vector = np.zeros(dimensions, dtype=np.float32)
    for word in words:
        digest = zlib.crc32(word.encode())
        vector[digest % dimensions] += 1.0 if digest & 0x8000_0000 else -1.0
    length = float(np.linalg.norm(vector))
    if length == 0.0:
        vector[0] = length = 1.0
    return vector / np.float32(length)


def _encoded(vector: npt.NDArray[np.float32], *, is_base64: bool) -> str | list[float]:
    if is_base64:
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    return [round(value, 8) for value in vector.tolist()]
