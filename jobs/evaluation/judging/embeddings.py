"""Embeds texts for scores, through the engine."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.ask import Ask
from jobs.evaluation.judging.judge import UnscoredError
from jobs.settings.roles import RoleModel
from jobs.text.repeats.text_similarity import embedding_request, read_vectors
from schemas.outcomes import Failed
from schemas.requests import Request

PURPOSE = "evaluation_embeddings"


def score_request(item_id: str, texts: Sequence[str], embeddings: RoleModel) -> Request:
    """One request for the vectors of all texts of a score."""
    return embedding_request(
        item_id, texts, model=embeddings.model, purpose=PURPOSE, manner=embeddings.manner
    )


async def embed(
    item_id: str, texts: Sequence[str], *, ask: Ask, embeddings: RoleModel
) -> NDArray[np.float64]:
    """The vectors of the texts in double precision, one a row, in their order.

    Raises:
        UnscoredError: the request failed for good, or its reply holds no such vectors; and what
            `ask` raises.
    """
    outcome = await ask(score_request(item_id, texts, embeddings))
    if isinstance(outcome, Failed):
        raise UnscoredError(f"embeddings: {outcome.code}: {outcome.message}")
    vectors = read_vectors(outcome.reply, len(texts))
    if vectors is None:
        raise UnscoredError("embeddings: malformed_embeddings")
    return vectors.astype(np.float64)


def check_lengths(one: int, other: int) -> None:
    """See that vectors of `one` and of `other` numbers can be compared.

    Raises:
        UnscoredError: they are of two models.
    """
    if one != other:
        raise UnscoredError(
            f"embeddings: vectors of {one} numbers and of {other}, so of two models: does what "
            "serves embeddings.model pass requests on to several?"
        )
