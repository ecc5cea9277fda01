from dataclasses import replace
from pathlib import Path

import pytest

from engine.files.records import RecordLog
from jobs.dataset.chat_rows import chat_row
from jobs.evaluation.answer_samples import answer_sample, answer_tasks
from jobs.evaluation.build_samples import held_out_samples
from schemas.dataset import Rejection
from schemas.documents import Chunk
from schemas.evaluation import Mode, ModelAnswer, Sample
from schemas.outcomes import Outcome
from schemas.requests import Request
from schemas.settings import EvaluationSettings
from tests.unit.jobs.evaluation.asking import AskFake, failed
from tests.unit.jobs.evaluation.made_run import make_run, make_settings

SETTINGS = EvaluationSettings()
SAMPLE = Sample(
    sample_id="s", slice="held_out_document", question="Why?", context="So.", title="A > B"
)
UNANSWERABLE = SAMPLE.model_copy(update={"sample_id": "u", "slice": "unanswerable"})


@pytest.mark.parametrize("mode", ["open", "closed"])
async def test_models_are_asked_what_training_rows_ask(tmp_path: Path, mode: Mode) -> None:
    folder = make_run(tmp_path / "run", make_settings())
    async with RecordLog(folder.results_path("chunks"), Chunk) as chunks:
        (sample,) = held_out_samples(folder, chunks, EvaluationSettings(max_held_out=1))
        chunk = chunks.require(sample.chunk_ids[0])
    (task,) = answer_tasks([sample], {"tuned": "ft:x"}, mode, SETTINGS)
    ask = AskFake(lambda _: "An answer.")

    await answer_sample(task, ask, SETTINGS)

    row = chat_row(sample.question, "An answer.", chunk, closed_book=mode == "closed")
    (body,) = ask.bodies
    assert body["messages"] == row["messages"][:2]
    assert body["model"] == "ft:x"
    assert body["max_completion_tokens"] == SETTINGS.answer_max_output_tokens
    assert "temperature" not in body


async def test_answer_says_who_gave_it_and_what_it_cost() -> None:
    (task,) = answer_tasks([SAMPLE], {"baseline": "small"}, "open", SETTINGS)

    (answer,) = await answer_sample(task, AskFake(lambda _: "  I don't know.\n"), SETTINGS)

    assert isinstance(answer, ModelAnswer)
    assert (answer.role, answer.model, answer.mode) == ("baseline", "small", "open")
    assert (answer.text, answer.is_refusal) == ("I don't know.", True)
    assert (answer.prompt_tokens, answer.completion_tokens, answer.cost_usd) == (11, 3, 0.5)


async def test_request_that_failed_for_good_is_a_rejection_that_names_the_model() -> None:
    (task,) = answer_tasks([SAMPLE], {"baseline": "small"}, "open", SETTINGS)

    async def ask(request: Request) -> Outcome:
        return failed(request, "context_length_exceeded")

    (rejection,) = await answer_sample(task, ask, SETTINGS)

    assert isinstance(rejection, Rejection)
    assert rejection.stage == "evaluation/answers"
    assert rejection.reason == "context_length_exceeded"
    assert rejection.detail == "baseline small: no"


@pytest.mark.parametrize(
    ("code", "message", "text", "is_refused"),
    [
        ("truncated", {"content": "It is so becau", "refusal": None}, "It is so becau", False),
        ("refused", {"content": None, "refusal": "I will not."}, "I will not.", True),
    ],
)
async def test_answer_that_was_cut_off_or_is_a_refusal_is_what_the_model_said(
    code: str, message: dict[str, str | None], text: str, is_refused: bool
) -> None:
    (task,) = answer_tasks([SAMPLE], {"baseline": "small"}, "open", SETTINGS)

    async def ask(request: Request) -> Outcome:
        return replace(failed(request, code), reply={"choices": [{"message": message}]})

    (answer,) = await answer_sample(task, ask, SETTINGS)

    assert isinstance(answer, ModelAnswer)
    assert (answer.text, answer.is_refusal) == (text, is_refused)


async def test_answer_that_was_filtered_is_a_rejection() -> None:
    (task,) = answer_tasks([SAMPLE], {"baseline": "small"}, "open", SETTINGS)
    reply = {"choices": [{"message": {"content": "It"}, "finish_reason": "content_filter"}]}

    async def ask(request: Request) -> Outcome:
        return replace(failed(request, "refused"), reply=reply)

    assert isinstance((await answer_sample(task, ask, SETTINGS))[0], Rejection)


def test_every_model_gets_every_sample_but_no_unanswerable_one_without_an_excerpt() -> None:
    models = {"baseline": "small", "teacher": "big"}
    samples = [SAMPLE, UNANSWERABLE]

    opened = list(answer_tasks(samples, models, "open", SETTINGS))
    closed = list(answer_tasks(samples, models, "closed", SETTINGS))

    assert [(task.sample.sample_id, task.role) for task in opened] == [
        ("s", "baseline"),
        ("s", "teacher"),
        ("u", "baseline"),
        ("u", "teacher"),
    ]
    assert [task.sample.sample_id for task in closed] == ["s", "s"]
    assert len({task.answer_id for task in [*opened, *closed]}) == 6


async def test_roles_with_one_model_ask_each_for_themselves() -> None:
    ask = AskFake(lambda _: "An answer.")

    for task in answer_tasks([SAMPLE], {"baseline": "same", "teacher": "same"}, "open", SETTINGS):
        await answer_sample(task, ask, SETTINGS)

    assert len({request.request_id for request in ask.requests}) == 2
