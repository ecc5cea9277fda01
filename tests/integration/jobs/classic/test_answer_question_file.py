"""Questions from elsewhere, answered from a run's chunks, against the stand-in."""

from pathlib import Path

import orjson
import pytest

from engine.errors import ConfigError
from engine.files.records import read_records
from engine.wire.endpoints import Endpoint
from jobs.classic.answer_question_file import HELD_OUT_TEXT, STAGE, answer_question_file
from jobs.run.start import RunOrder
from schemas.dataset import Rejection
from tests.openai_server import ModelCard, OpenAIServer, ServerConfig
from tests.unit.jobs.evaluation.made_run import SUBJECTS, make_run, make_settings

MODELS = (
    ModelCard(id="gpt-4.1-mini"),
    ModelCard(id="text-embedding-3-small", dimensions=64),
)


def make_order(run_dir: Path, server: OpenAIServer, *assignments: str) -> RunOrder:
    settings = make_settings(*assignments)
    folder = make_run(run_dir, settings, held_out=("lathe",))
    endpoints = [Endpoint(server.base_url, server.api_key)]
    return RunOrder(folder, settings, endpoints, accepts_changes=False, retries_failed=False)


@pytest.mark.parametrize("retriever", ["bm25", "embeddings"])
async def test_best_chunk_of_the_run_is_the_text_of_a_row(tmp_path: Path, retriever: str) -> None:
    question = SUBJECTS["forge"]  # its own words: any retriever finds them
    async with OpenAIServer(ServerConfig(models=MODELS)) as server:
        order = make_order(tmp_path / "run", server, f"evaluation.retriever={retriever}")

        first = await answer_question_file(order, [question], tmp_path / "rows.jsonl")
        call_count = len(server.calls)
        second = await answer_question_file(order, [question], tmp_path / "rows.jsonl")

        assert len(server.calls) == call_count
    assert first == second
    assert (first.rows, first.unanswered) == (1, 0)
    (line,) = (tmp_path / "rows.jsonl").read_bytes().splitlines()
    assert question in orjson.loads(line)["messages"][1]["content"].partition("Question:")[0]


async def test_question_about_held_out_text_is_dropped_with_its_reason_and_costs_nothing(
    tmp_path: Path,
) -> None:
    question = "At how many revolutions per minute is oak cut?"
    async with OpenAIServer(ServerConfig(models=MODELS)) as server:
        order = make_order(tmp_path / "run", server)

        end = await answer_question_file(order, [question], tmp_path / "rows.jsonl")

        assert len(server.calls) == 0
    assert (end.rows, end.unanswered) == (0, 1)
    (rejection,) = read_records(order.folder.rejected_path, Rejection)
    assert (rejection.stage, rejection.reason) == (STAGE, HELD_OUT_TEXT)
    assert rejection.text == question


@pytest.mark.parametrize("question", ["What is known of the lathe?", "the LATHE: what is known"])
async def test_held_out_question_is_refused_before_anything_is_asked(
    tmp_path: Path, question: str
) -> None:
    async with OpenAIServer(ServerConfig(models=MODELS)) as server:
        order = make_order(tmp_path / "run", server)

        with pytest.raises(ConfigError, match="is held out for the evaluation"):
            await answer_question_file(order, [question], tmp_path / "rows.jsonl")

        assert len(server.calls) == 0
    assert not (tmp_path / "rows.jsonl").exists()
