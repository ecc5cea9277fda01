import base64
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ConfigError, Deferred
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing.calls import failed
from jobs.evaluation.questions.retrieve_context import (
    REQUESTS_AT_ONCE,
    TEXTS_PER_REQUEST,
    retrieve_chunks,
)
from schemas.documents import Chunk
from schemas.outcomes import Outcome
from schemas.record import content_id
from schemas.requests import Request
from tests.unit.jobs.evaluation.asking import Body, ask_by_body
from tests.unit.jobs.evaluation.made_run import SUBJECTS, make_run, make_settings

QUESTIONS = ["How hot is the kiln for porcelain?", "Which wood is cut by five teeth an inch?"]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return make_run(tmp_path / "run", make_settings())


async def unasked(_: Request) -> Outcome:
    raise AssertionError("nothing is asked")


async def test_words_find_the_chunk_that_a_question_is_about(folder: RunFolder) -> None:
    settings = make_settings("evaluation.retrieved_chunks=3")

    found = await retrieve_chunks(QUESTIONS, folder.results_path("chunks"), settings, unasked)

    assert [len(set(ids)) for ids in found] == [3, 3]
    assert [ids[0] for ids in found] == [content_id("chunk", "kiln"), content_id("chunk", "saw")]


async def test_question_that_shares_no_word_gets_some_chunks_and_a_small_run_all(
    folder: RunFolder,
) -> None:
    settings = make_settings("evaluation.retrieved_chunks=50")

    (found,) = await retrieve_chunks(["Zzz?"], folder.results_path("chunks"), settings, unasked)

    assert len(found) == len(SUBJECTS)


def embed(body: Body) -> Body:
    """A vector says which subjects a text names."""
    vectors = [
        np.array([0.01 + (name in text.lower()) for name in SUBJECTS], "<f4")
        for text in body["input"]
    ]
    return {
        "data": [
            {"index": index, "embedding": base64.b64encode(vector.tobytes()).decode()}
            for index, vector in enumerate(vectors)
        ]
    }


async def test_embeddings_find_the_chunk_that_is_closest(folder: RunFolder) -> None:
    settings = make_settings("evaluation.retriever=embeddings", "evaluation.retrieved_chunks=2")
    ask = ask_by_body(embed)

    found = await retrieve_chunks(["Kiln?", "Saw?"], folder.results_path("chunks"), settings, ask)

    assert [ids[0] for ids in found] == [content_id("chunk", "kiln"), content_id("chunk", "saw")]
    assert [len(ids) for ids in found] == [2, 2]
    assert len({request.request_id for request in ask.requests}) == 3


async def test_vectors_of_two_models_say_what_to_set(folder: RunFolder) -> None:
    settings = make_settings("evaluation.retriever=embeddings")

    def embed_by_two(body: Body) -> Body:
        length = 2 if len(body["input"]) == 1 else 3
        return {"data": [{"embedding": [1.0] * length} for _ in body["input"]]}

    with pytest.raises(ConfigError, match=r"of 2 numbers and of 3.*evaluation\.retriever=bm25"):
        await retrieve_chunks(
            ["Kiln?"], folder.results_path("chunks"), settings, ask_by_body(embed_by_two)
        )


async def test_reply_that_lacks_the_vector_of_a_chunk_says_what_to_set(folder: RunFolder) -> None:
    settings = make_settings("evaluation.retriever=embeddings")

    def embed_all_but_one(body: Body) -> Body:
        return {"data": [{"embedding": [1.0]} for _ in body["input"][1:] or [""]]}

    with pytest.raises(ConfigError, match=r"one vector for each of \d+ texts"):
        await retrieve_chunks(
            ["Kiln?"], folder.results_path("chunks"), settings, ask_by_body(embed_all_but_one)
        )


async def test_batch_lane_is_asked_for_everything_in_one_round(folder: RunFolder) -> None:
    settings = make_settings("evaluation.retriever=embeddings")
    path = folder.results_path("chunks")
    (chunk, *_) = read_records(path, Chunk)
    count = TEXTS_PER_REQUEST * REQUESTS_AT_ONCE + 1
    many = (chunk.model_copy(update={"chunk_id": content_id("c", n)}) for n in range(count))
    replace_file(path, map(encode_record, many))
    spooled: list[str] = []

    async def ask(request: Request) -> Outcome:
        spooled.append(request.request_id)
        raise Deferred

    with pytest.raises(Deferred):
        await retrieve_chunks(["Kiln?", "Saw?"], path, settings, ask)

    assert len(set(spooled)) == 2 + REQUESTS_AT_ONCE + 1


async def test_embedding_model_that_fails_says_what_to_set(folder: RunFolder) -> None:
    settings = make_settings("evaluation.retriever=embeddings")

    async def ask(request: Request) -> Outcome:
        return failed(request, "unsupported")

    with pytest.raises(ConfigError, match=r"unsupported: no.*evaluation\.retriever=bm25"):
        await retrieve_chunks(["Kiln?"], folder.results_path("chunks"), settings, ask)
