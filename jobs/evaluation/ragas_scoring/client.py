"""The judge and the embeddings as ragas calls them; imports ragas."""

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel
from ragas.embeddings.base import BaseRagasEmbedding
from ragas.llms.base import InstructorBaseRagasLLM

from engine.ask import Ask
from jobs.evaluation.judging.embeddings import check_lengths, embed
from jobs.evaluation.judging.judge import Judge
from jobs.settings.roles import RoleModel

Shape = TypeVar("Shape", bound=BaseModel)


class RagasJudge(InstructorBaseRagasLLM):  # type: ignore[misc]
    """A judge as ragas calls one."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def generate(self, prompt: str, response_model: type[Shape]) -> Shape:
        """Not supported: the engine is asynchronous."""
        raise NotImplementedError

    async def agenerate(self, prompt: str, response_model: type[Shape]) -> Shape:
        """What the judge says to `prompt`; raises what `Judge.say` does."""
        return await self._judge.say([{"role": "user", "content": prompt}], response_model)


class RagasEmbeddings(BaseRagasEmbedding):  # type: ignore[misc]
    """The embeddings of one score; ragas asks for the question's, then for all others at once."""

    def __init__(self, item_id: str, *, ask: Ask, embeddings: RoleModel) -> None:
        super().__init__()
        self._item_id = item_id
        self._ask = ask
        self._embeddings = embeddings
        self._length: int | None = None

    def embed_text(self, text: str, **_: object) -> list[float]:
        """Not supported: the engine is asynchronous."""
        raise NotImplementedError

    async def aembed_text(self, text: str, **_: object) -> list[float]:
        """The vector of one text, as it was sent; raises what `embed` does."""
        (vector,) = await self.aembed_texts([text])
        return vector

    async def aembed_texts(self, texts: Sequence[str], **_: object) -> list[list[float]]:
        """The vectors of several texts, in their order; raises what `embed` does."""
        vectors = await embed(self._item_id, texts, ask=self._ask, embeddings=self._embeddings)
        length = vectors.shape[1]
        if self._length is not None:
            check_lengths(self._length, length)
        self._length = length
        rows: list[list[float]] = vectors.tolist()
        return rows
