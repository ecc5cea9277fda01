"""Embeds texts for ragas through the engine; imports ragas, like the judge."""

from collections.abc import Sequence

from ragas.embeddings.base import BaseRagasEmbedding

from engine.ask import Ask
from engine.wire.tokens import count_tokens
from jobs.evaluation.ragas_scoring.judge import UnscoredError
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
        manner=embeddings.manner,
    )


class JudgeEmbeddings(BaseRagasEmbedding):  # type: ignore[misc]
    """The embeddings of one score; ragas asks for the question's, then for all others at once."""

    def __init__(self, item_id: str, *, ask: Ask, embeddings: RoleModel) -> None:
        super().__init__()
        self._item_id = item_id
        self._ask = ask
        self._embeddings = embeddings

    def embed_text(self, text: str, **_: object) -> list[float]:
        """Not supported: the engine is asynchronous."""
        raise NotImplementedError

    async def aembed_text(self, text: str, **_: object) -> list[float]:
        """The vector of one text, as it was sent.

        Raises:
            UnscoredError: the request failed for good, or its reply holds no such vectors; and
                what `ask` raises.
        """
        (vector,) = await self.aembed_texts([text])
        return vector

    async def aembed_texts(self, texts: Sequence[str], **_: object) -> list[list[float]]:
        """The vectors of several texts, in their order; raises as `aembed_text` does."""
        outcome = await self._ask(embedding_request(self._item_id, texts, self._embeddings))
        if isinstance(outcome, Failed):
            raise UnscoredError(f"embeddings: {outcome.code}: {outcome.message}")
        vectors = read_vectors(outcome.reply, len(texts))
        if vectors is None:
            raise UnscoredError("embeddings: malformed_embeddings")
        rows: list[list[float]] = vectors.tolist()
        return rows
