"""Embeds texts for scores, through the engine."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.ask import Ask
from engine.wire.tokens import count_tokens
from jobs.evaluation.judging.judge import UnscoredError
from jobs.settings.roles import RoleModel
from jobs.text.text_similarity import read_vectors
from schemas.outcomes import Failed
from schemas.requests import EMBEDDINGS, Json, Request, make_request

PURPOSE = "evaluation_embeddings"


def embedding_request(item_id: str, texts: Sequence[str], embeddings: RoleModel) -> Request:
    """One request for all texts. The vectors travel as base64 of float32: they arrive exactly."""
    given: list[Json] = list(texts)
    return make_request(
        item_id,
        0,
        url=EMBEDDINGS,
        body={"model": embeddings.model, "input": given, "encoding_format": "base64"},
        purpose=PURPOSE,
        prompt_tokens=sum(map(count_tokens, texts)),
        server=embeddings.server,
    )


async def embed(
    item_id: str, texts: Sequence[str], *, ask: Ask, embeddings: RoleModel
) -> NDArray[np.float64]:
    """The vectors of the texts in double precision, one a row, in their order.

    Raises:
        UnscoredError: the request failed for good, or its reply holds no such vectors; and what
            `ask` raises.
    """
    outcome = await ask(embedding_request(item_id, texts, embeddings))
    if isinstance(outcome, Failed):
        raise UnscoredError(f"embeddings: {outcome.code}: {outcome.message}")
    vectors = read_vectors(outcome.reply, len(texts))
    if vectors is None:
        raise UnscoredError("embeddings: malformed_embeddings")
    return vectors.astype(np.float64)
