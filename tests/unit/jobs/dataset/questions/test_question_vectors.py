"""Questions that mean the same in other words, found by the vectors of a model."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from engine.files.journal import Journal
from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing import FakeAsk
from engine.testing.calls import completed, failed
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.questions.question_vectors import QUESTION_VECTORS
from jobs.dataset.questions.sift_drafts import FURTHER_STAGE
from jobs.dataset.questions.sift_drafts import STAGE as QUESTIONS_NAME
from jobs.run.reset import reset_stages
from jobs.run.run_stages import run_stages
from schemas.dataset import Question, Rejection
from schemas.documents import Chunk
from schemas.outcomes import Outcome
from schemas.requests import Json, Request
from schemas.settings import RunSettings
from tests.unit.jobs.dataset.questions.test_keep_questions import question
from tests.unit.jobs.evaluation.made_run import make_run, make_settings
from tests.unit.jobs.run.contexts import make_context

BY_MEANING = "questions.embedding_model=vectors-1"
WARM = "How warm must the kiln be before porcelain goes in?"
HEAT = "Which heat does an oven for china need at the start?"
SAW = "Why does the saw have five teeth an inch?"
MEANINGS = {WARM: [1.0, 0.0, 0.1], HEAT: [1.0, 0.1, 0.1], SAW: [0.0, 1.0, 0.0]}


def embed(request: Request) -> Outcome:
    """The vectors of a model to which the words do not matter."""
    texts = json.loads(request.payload)["input"]
    data: list[Json] = [
        {
            "index": n,
            "embedding": base64.b64encode(np.array(MEANINGS[text], "<f4").tobytes()).decode(),
        }
        for n, text in enumerate(texts)
    ]
    return completed(request, reply={"data": data})


class JournallingAsk(FakeAsk):
    """An ask that keeps what it bought in the journal, and buys nothing twice, as the engine."""

    def __init__(self, journal: Journal, respond: Callable[[Request], Outcome] = embed) -> None:
        super().__init__(respond)
        self._journal = journal

    async def __call__(self, request: Request) -> Outcome:
        """From the journal, else bought."""
        if (settled := self._journal.get(request.request_id)) is not None:
            return settled
        outcome = await super().__call__(request)
        await self._journal.append(outcome)
        return outcome


class Compared(NamedTuple):
    """The texts of the questions that are kept, the reasons of the others, and what was bought."""

    kept: set[str]
    reasons: dict[str, str]
    bought: int


async def compare(
    folder: RunFolder, settings: RunSettings, respond: Callable[[Request], Outcome] = embed
) -> Compared:
    async with Journal(folder.journal_path) as journal:
        ask = JournallingAsk(journal, respond)
        context = make_context(folder, settings, ask, journal)
        end = await run_stages((QUESTION_VECTORS, KEPT_QUESTIONS), context)
    assert end.is_done
    kept = read_records(folder.results_path(KEPT_QUESTIONS.name), Question)
    rejected = read_records(folder.rejected_path, Rejection)
    reasons = {each.text: each.reason for each in rejected}
    return Compared({each.text for each in kept}, reasons, len(ask.requests))


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run of which three chunks were asked about."""
    folder = make_run(tmp_path / "run", make_settings())
    folder.results_path("kept_questions").unlink()
    chunks = sorted(read_records(folder.results_path("chunks"), Chunk), key=lambda c: c.chunk_id)
    texts = (WARM, HEAT, SAW)
    asked = [
        question(n, n, text).model_copy(update={"chunk_id": chunk.chunk_id})
        for n, (chunk, text) in enumerate(zip(chunks[:3], texts, strict=True), start=1)
    ]
    replace_file(folder.results_path(QUESTIONS_NAME), map(encode_record, reversed(asked)))
    return folder


async def test_nothing_is_bought_unless_a_model_is_named(folder: RunFolder) -> None:
    compared = await compare(folder, make_settings())

    assert compared == Compared({WARM, HEAT, SAW}, {}, 0)


async def test_question_that_means_the_same_as_an_earlier_one_is_dropped(folder: RunFolder) -> None:
    compared = await compare(folder, make_settings(BY_MEANING))

    assert compared == Compared({WARM, SAW}, {HEAT: "same_meaning"}, 3)
    (rejected,) = read_records(folder.rejected_path, Rejection)
    assert rejected.score is not None
    assert rejected.score > 0.9
    assert rejected.threshold == 0.9
    assert rejected.detail == f"of question {question(1, 1, WARM).question_id}"
    assert rejected.chunk_id
    assert rejected.path


async def test_another_threshold_and_a_later_question_buy_nothing_again(folder: RunFolder) -> None:
    first = await compare(folder, make_settings(BY_MEANING))
    reset_stages(folder, (KEPT_QUESTIONS,))

    strict = await compare(folder, make_settings(BY_MEANING, "questions.max_same_meaning=1.0"))
    later = list(read_records(folder.results_path(QUESTIONS_NAME), Question))[-1]
    again = later.model_copy(update={"question_id": "f" * 32, "text": HEAT})
    replace_file(folder.results_path(FURTHER_STAGE), [encode_record(again)])
    grown = await compare(folder, make_settings(BY_MEANING))

    assert first.bought == 3
    assert (strict.kept, strict.bought) == ({WARM, HEAT, SAW}, 0)
    assert grown.bought == 1


async def test_questions_whose_model_failed_are_compared_by_words_and_say_so(
    folder: RunFolder,
) -> None:
    compared = await compare(folder, make_settings(BY_MEANING), failed)

    assert compared.kept == {WARM, HEAT, SAW}
    assert set(compared.reasons.values()) == {"invalid_value"}


async def test_reply_without_vectors_is_a_reason_too(folder: RunFolder) -> None:
    compared = await compare(
        folder, make_settings(BY_MEANING), lambda request: completed(request, {"data": []})
    )

    assert compared.kept == {WARM, HEAT, SAW}
    assert set(compared.reasons.values()) == {"malformed_embeddings"}


async def test_the_address_is_that_of_the_embeddings_and_the_model_its_own(
    folder: RunFolder,
) -> None:
    settings = make_settings(
        BY_MEANING,
        "embeddings.model=other",
        "embeddings.base_url=http://127.0.0.1:9/v1",
        "embeddings.parameters={dimensions=3}",
    )
    asked: list[Request] = []

    def note(request: Request) -> Outcome:
        asked.append(request)
        return embed(request)

    await compare(folder, settings, note)

    assert {request.server for request in asked} == {"embeddings"}
    bodies = [json.loads(request.payload) for request in asked]
    assert {(body["model"], body["dimensions"]) for body in bodies} == {("vectors-1", 3)}
