import pytest

from engine.errors import ConfigError
from jobs.text.text_similarity import Pair, SimilarityFailure, measure_similarity
from schemas.outcomes import Completed, Outcome, Usage
from schemas.requests import Json, Request
from tests.unit.jobs.dataset.small.small_teacher import UNLIKE, SmallTeacher, wire_vector

PAIRS = [Pair("a", "b"), Pair("c", "d")]


class Replying:
    """An `Ask` that always replies with the same body."""

    def __init__(self, reply: dict[str, Json]) -> None:
        self._reply = reply

    async def __call__(self, request: Request) -> Outcome:
        return Completed(
            request.request_id, "m", "p", "live", 1, Usage(), None, 0.1, "", self._reply, b"{}"
        )


async def test_one_request_measures_all_pairs() -> None:
    teacher = SmallTeacher(vectors={"b": UNLIKE, "d": (3.0, 4.0)})

    similarities = await measure_similarity("i", 7, pairs=PAIRS, ask=teacher, model="v")

    assert similarities == [0.0, 0.6]
    (body,) = teacher.bodies()
    assert body["input"] == ["a", "b", "c", "d"]


async def test_vectors_may_come_as_numbers_and_in_any_order() -> None:
    data: list[Json] = [
        {"index": 1, "embedding": [3, 4]},
        {"index": 0, "embedding": wire_vector((2.0, 0.0))},
    ]

    similarities = await measure_similarity(
        "i", 0, pairs=PAIRS[:1], ask=Replying({"data": data}), model="v"
    )

    assert similarities == [0.6]


MALFORMED: list[Json] = [
    None,
    [],
    [{"index": 0, "embedding": [1.0]}],
    [{"index": 0, "embedding": [1.0]}, {"index": 0, "embedding": [1.0]}],
    [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}],
    [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [0.0]}],
    [{"index": 0, "embedding": "not base64"}, {"index": 1, "embedding": "AAAA"}],
    [{"index": 0, "embedding": ["x"]}, {"index": 1, "embedding": {}}],
    [{"index": 0, "embedding": []}, {"index": 1, "embedding": []}],
    [{"index": 0, "embedding": 1.0}, {"index": 1, "embedding": 1.0}],
    [0, 1],
]


@pytest.mark.parametrize("data", MALFORMED)
async def test_a_reply_that_is_not_vectors_is_a_failure(data: Json) -> None:
    result = await measure_similarity(
        "i", 0, pairs=PAIRS[:1], ask=Replying({"data": data}), model="v"
    )

    assert result == SimilarityFailure("malformed_embeddings")


async def test_without_an_embedding_model_it_says_which_key_to_set() -> None:
    with pytest.raises(ConfigError, match=r"^teacher\.embedding_model is not set"):
        await measure_similarity("i", 0, pairs=PAIRS, ask=SmallTeacher(), model="")
