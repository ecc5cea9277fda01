"""Measures how close texts are in meaning, by an embedding model."""

import base64
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.ask import Ask
from engine.errors import ConfigError
from engine.wire.tokens import count_tokens
from schemas.outcomes import Failed
from schemas.requests import EMBEDDINGS, PLAIN, Json, Manner, Request, make_request

PURPOSE = "embeddings"
MALFORMED = "malformed_embeddings"

Vectors = NDArray[np.float32]


class Pair(NamedTuple):
    """Two texts whose closeness is asked for."""

    left: str
    right: str


class SimilarityFailure(NamedTuple):
    """Why nothing was measured: the code of the failure and what it says."""

    reason: str
    detail: str = ""


async def measure_similarity(
    item_id: str, ordinal: int, *, pairs: Sequence[Pair], ask: Ask, model: str
) -> list[float] | SimilarityFailure:
    """The cosine of the angle between the texts of each pair, -1 to 1, in one request for all.

    Raises:
        ConfigError: no embedding model is set; and what `ask` raises.
    """
    if not model:
        raise ConfigError(
            "teacher.embedding_model is not set; the small prompt profile needs one to tell "
            "which questions their sentence answers: set it to a model of the same endpoint"
        )
    texts = [text for pair in pairs for text in pair]
    outcome = await ask(
        embedding_request(item_id, texts, model=model, purpose=PURPOSE, ordinal=ordinal)
    )
    if isinstance(outcome, Failed):
        return SimilarityFailure(outcome.code, outcome.message)
    vectors = read_vectors(outcome.reply, len(texts))
    if vectors is None:
        return SimilarityFailure(MALFORMED)
    vectors = unit_vectors(vectors)
    return [round(float(cosine), 4) for cosine in (vectors[0::2] * vectors[1::2]).sum(axis=1)]


def embedding_request(
    item_id: str,
    texts: Sequence[str],
    *,
    model: str,
    purpose: str,
    ordinal: int = 0,
    manner: Manner = PLAIN,
) -> Request:
    """One request for all texts. The vectors travel as base64 of float32: they arrive exactly."""
    given: list[Json] = list(texts)
    return make_request(
        item_id,
        ordinal,
        url=EMBEDDINGS,
        body={"model": model, "input": given, "encoding_format": "base64"},
        purpose=purpose,
        prompt_tokens=sum(map(count_tokens, texts)),
        manner=manner,
    )


def unit_vectors(vectors: Vectors) -> Vectors:
    """The vectors, each divided by its length."""
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def read_vectors(reply: dict[str, Json], expected_count: int) -> Vectors | None:
    """The vectors in the order of the texts, exactly as they were sent.

    None if the reply is not that many vectors of one length, each other than 0.
    """
    data = reply.get("data")
    if not isinstance(data, list) or len(data) != expected_count:
        return None
    try:
        vectors = np.stack([_read_vector(entry["embedding"]) for entry in _in_order(data)])
    except (KeyError, TypeError, ValueError):
        return None
    if vectors.ndim != 2:
        return None
    lengths = np.linalg.norm(vectors, axis=1)
    return vectors if (np.isfinite(lengths) & (lengths > 0)).all() else None


def _in_order(data: list[Json]) -> list[dict[str, Json]]:
    """The entries in the order of the texts. Where none has an index of its own, they stand in it.

    Raises:
        KeyError, TypeError, ValueError: they are no entries, or their indexes name no order.
    """
    entries: list[dict[str, Json]] = [dict(entry) for entry in data]  # type: ignore[arg-type]
    indexes = [entry.get("index") for entry in entries]
    if all(index is None for index in indexes):
        return entries
    by_index = dict(zip(map(str, indexes), entries, strict=True))
    return [by_index[str(index)] for index in range(len(entries))]


def _read_vector(value: Json) -> Vectors:
    """One vector as the wire has it: base64 of little-endian float32, or a list of numbers."""
    if isinstance(value, str):
        return np.frombuffer(base64.b64decode(value, validate=True), dtype="<f4")
    return np.array(value, dtype=np.float32)
