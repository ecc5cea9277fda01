import base64
from typing import Any

import numpy as np
import pytest

from tests.openai_server import ModelCard
from tests.openai_server.errors import ApiError
from tests.openai_server.paid.api import PaidCall
from tests.openai_server.paid.embeddings import Embeddings
from tests.rows import each_row

MODEL = ModelCard(id="text-embedding-3-small", dimensions=1536, context_tokens=8_192)


def embed(inputs: Any, **more: Any) -> list[Any]:
    body = {"model": MODEL.id, "input": inputs, **more}
    Embeddings().reserved_tokens(body, MODEL)
    answer = Embeddings().answer(PaidCall(body, MODEL, 1, "s"))
    return [row["embedding"] for row in answer.payload["data"]]


def test_texts_that_share_words_are_close() -> None:
    near, other, far = embed(["the red fox runs", "the red fox sleeps", "quarterly tax report"])

    assert np.dot(near, other) > 0.7
    assert abs(np.dot(near, far)) < 0.2
    assert np.linalg.norm(near) == pytest.approx(1.0, abs=1e-6)


def test_base64_holds_the_same_floats() -> None:
    (floats,) = embed("the red fox", dimensions=64)

    (encoded,) = embed("the red fox", dimensions=64, encoding_format="base64")

    decoded = np.frombuffer(base64.b64decode(encoded), dtype="<f4")
    assert decoded.tolist() == pytest.approx(floats, abs=1e-7)


@each_row("inputs", ["", [], [""], None, ["x"] * 2_049, [["a"]] * 0])
def test_empty_and_excessive_inputs_are_refused(inputs: Any) -> None:
    with pytest.raises(ApiError, match="input"):
        embed(inputs)


def test_token_arrays_are_counted_by_their_tokens() -> None:
    assert Embeddings().reserved_tokens({"input": [[1, 2, 3], [4]]}, MODEL) == 4
    assert Embeddings().reserved_tokens({"input": [1, 2, 3]}, MODEL) == 3
