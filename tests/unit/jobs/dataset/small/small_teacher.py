"""A small model that answers from a script, its embeddings included."""

import base64
import struct
from collections.abc import Mapping, Sequence
from typing import Literal

import orjson

from engine.testing.calls import completed, failed
from schemas.outcomes import Outcome
from schemas.requests import EMBEDDINGS, Json, Request
from schemas.settings import RunSettings, TeacherSettings
from tests.unit.jobs.dataset.teacher import make_chunk

__all__ = ["SETTINGS", "SmallTeacher", "make_chunk"]

SETTINGS = RunSettings(
    teacher=TeacherSettings(
        provider="local", model="small-1", embedding_model="vectors-1", prompt_profile="small"
    )
)
ALIKE = (1.0, 0.0)
UNLIKE = (0.0, 1.0)
Fails = Literal["", "chat", "embeddings"]


class SmallTeacher:
    """An `Ask`: chat contents in the order of `contents`, and a vector for every text.

    Texts have the vector ALIKE if `vectors` names none. `fails` is the kind of call that fails.
    """

    def __init__(
        self,
        *contents: Json,
        vectors: Mapping[str, Sequence[float]] | None = None,
        fails: Fails = "",
    ) -> None:
        self._contents = iter(contents)
        self._vectors = vectors or {}
        self._fails = fails
        self.requests: list[Request] = []

    async def __call__(self, request: Request) -> Outcome:
        self.requests.append(request)
        is_embedding = request.url == EMBEDDINGS
        if self._fails == ("embeddings" if is_embedding else "chat"):
            return failed(request, "truncated", message="cut off at the output limit", status=200)
        body = orjson.loads(request.payload)
        reply = self._embed(body["input"]) if is_embedding else self._chat()
        return completed(request, reply)

    def bodies(self) -> list[dict[str, Json]]:
        """The bodies of all requests, in order."""
        return [orjson.loads(request.payload) for request in self.requests]

    def _chat(self) -> dict[str, Json]:
        content = next(self._contents)
        text = content if isinstance(content, str) else orjson.dumps(content).decode()
        return {"choices": [{"message": {"content": text}}]}

    def _embed(self, texts: list[str]) -> dict[str, Json]:
        return {
            "data": [
                {"index": index, "embedding": wire_vector(self._vectors.get(text, ALIKE))}
                for index, text in enumerate(texts)
            ]
        }


def wire_vector(vector: Sequence[float]) -> str:
    """A vector as base64 of little-endian float32."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
