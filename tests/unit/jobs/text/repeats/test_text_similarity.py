import pytest

from engine.errors import ConfigError
from engine.testing.calls import completed
from engine.testing.stage_parts import FakeAsk
from jobs.text.repeats.text_similarity import Pair, SimilarityFailure, measure_similarity
from schemas.requests import Json
from tests.rows import each_row
from tests.unit.jobs.dataset.small.small_teacher import UNLIKE, SmallTeacher, wire_vector

PAIRS = [Pair("a", "b"), Pair("c", "d")]


def replying(reply: dict[str, Json]) -> FakeAsk:
    """An `Ask` that always replies with the same body."""
    return FakeAsk(lambda request: completed(request, reply))


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
        "i", 0, pairs=PAIRS[:1], ask=replying({"data": data}), model="v"
    )

    assert similarities == [0.6]


@each_row("more", [{}, {"index": None}])
async def test_vectors_without_an_index_are_in_the_order_of_the_texts(
    more: dict[str, Json],
) -> None:
    data: list[Json] = [{"embedding": [2, 0], **more}, {"embedding": [3, 4], **more}]

    similarities = await measure_similarity(
        "i", 0, pairs=PAIRS[:1], ask=replying({"data": data}), model="v"
    )

    assert similarities == [0.6]


MALFORMED: list[Json] = [
    [{"index": 0, "embedding": [1.0]}, {"embedding": [1.0]}],
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


@each_row("data", MALFORMED)
async def test_a_reply_that_is_not_vectors_is_a_failure(data: Json) -> None:
    result = await measure_similarity(
        "i", 0, pairs=PAIRS[:1], ask=replying({"data": data}), model="v"
    )

    assert result == SimilarityFailure("malformed_embeddings")


async def test_without_an_embedding_model_it_says_which_key_to_set() -> None:
    with pytest.raises(ConfigError, match=r"^teacher\.embedding_model is not set"):
        await measure_similarity("i", 0, pairs=PAIRS, ask=SmallTeacher(), model="")
