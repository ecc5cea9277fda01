from pathlib import Path
from typing import Any

from engine.files.records import RecordLog
from engine.testing.calls import failed
from jobs.dataset.rows.chat_rows import chat_row, excerpt_of
from jobs.evaluation.answer_samples import answer_sample, answer_tasks, is_refusal
from jobs.evaluation.questions.build_samples import held_out_samples
from schemas.dataset import Rejection
from schemas.documents import Chunk
from schemas.evaluation import Mode, ModelAnswer, Role, Sample
from schemas.outcomes import Outcome
from schemas.requests import Json, Request
from schemas.settings import EvaluationSettings, RunSettings
from schemas.settings.dataset import DatasetSettings
from tests.rows import each_row
from tests.unit.jobs.evaluation.asking import ask_by_body
from tests.unit.jobs.evaluation.made_run import make_run, make_settings

SETTINGS = EvaluationSettings()
RUN_SETTINGS = RunSettings(evaluation=SETTINGS)
SAMPLE = Sample(
    sample_id="s", slice="held_out_document", question="Why?", context="So.", title="A > B"
)
UNANSWERABLE = SAMPLE.model_copy(update={"sample_id": "u", "slice": "unanswerable"})


@each_row("mode", ["open", "closed"])
@each_row("instructs", [True, False])
async def test_models_are_asked_what_training_rows_ask(
    tmp_path: Path, mode: Mode, instructs: bool
) -> None:
    settings = RUN_SETTINGS.model_copy(
        update={"dataset": DatasetSettings(instructs_refusal=instructs)}
    )
    folder = make_run(tmp_path / "run", make_settings())
    async with RecordLog(folder.results_path("chunks"), Chunk) as chunks:
        (sample,) = held_out_samples(folder, chunks, EvaluationSettings(max_held_out=1))
        chunk = chunks.require(sample.chunk_ids[0])
    (task,) = answer_tasks([sample], {"tuned": "ft:x"}, mode, settings)
    ask = ask_by_body(lambda _: "An answer.")

    await answer_sample(task, ask, settings)

    excerpt = None if mode == "closed" else excerpt_of(chunk)
    row: Any = chat_row(sample.question, "An answer.", excerpt, settings.dataset)
    (body,) = ask.bodies
    assert body["messages"] == row["messages"][:2]
    assert body["model"] == "ft:x"
    assert body["max_completion_tokens"] == SETTINGS.answer_max_output_tokens
    assert "temperature" not in body


async def test_answer_says_who_gave_it_and_what_it_cost() -> None:
    (task,) = answer_tasks([SAMPLE], {"baseline": "small"}, "open", RUN_SETTINGS)

    (answer,) = await answer_sample(task, ask_by_body(lambda _: "  I don't know.\n"), RUN_SETTINGS)

    assert isinstance(answer, ModelAnswer)
    assert (answer.role, answer.model, answer.mode) == ("baseline", "small", "open")
    assert (answer.text, answer.is_refusal) == ("I don't know.", True)
    assert (answer.prompt_tokens, answer.completion_tokens, answer.cost_usd) == (11, 3, 0.5)


async def test_request_that_failed_for_good_is_a_rejection_that_names_the_model() -> None:
    (task,) = answer_tasks([SAMPLE], {"baseline": "small"}, "open", RUN_SETTINGS)

    async def ask(request: Request) -> Outcome:
        return failed(request, "context_length_exceeded")

    (rejection,) = await answer_sample(task, ask, RUN_SETTINGS)

    assert isinstance(rejection, Rejection)
    assert rejection.stage == "evaluation/answers"
    assert rejection.reason == "context_length_exceeded"
    assert rejection.detail == "baseline small: no"


@each_row(
    "code, message, text, is_refused",
    [
        ("truncated", {"content": "It is so becau", "refusal": None}, "It is so becau", False),
        ("refused", {"content": None, "refusal": "I will not."}, "I will not.", True),
    ],
)
async def test_answer_that_was_cut_off_or_is_a_refusal_is_what_the_model_said(
    code: str, message: dict[str, Json], text: str, is_refused: bool
) -> None:
    (task,) = answer_tasks([SAMPLE], {"baseline": "small"}, "open", RUN_SETTINGS)

    async def ask(request: Request) -> Outcome:
        return failed(request, code, reply={"choices": [{"message": message}]})

    (answer,) = await answer_sample(task, ask, RUN_SETTINGS)

    assert isinstance(answer, ModelAnswer)
    assert (answer.text, answer.is_refusal) == (text, is_refused)


async def test_answer_that_was_filtered_is_a_rejection() -> None:
    (task,) = answer_tasks([SAMPLE], {"baseline": "small"}, "open", RUN_SETTINGS)
    choice: Json = {"message": {"content": "It"}, "finish_reason": "content_filter"}

    async def ask(request: Request) -> Outcome:
        return failed(request, "refused", reply={"choices": [choice]})

    assert isinstance((await answer_sample(task, ask, RUN_SETTINGS))[0], Rejection)


def test_every_model_gets_every_sample_but_no_unanswerable_one_without_an_excerpt() -> None:
    models: dict[Role, str] = {"baseline": "small", "teacher": "big"}
    samples = [SAMPLE, UNANSWERABLE]

    opened = list(answer_tasks(samples, models, "open", RUN_SETTINGS))
    closed = list(answer_tasks(samples, models, "closed", RUN_SETTINGS))

    assert [(task.sample.sample_id, task.role) for task in opened] == [
        ("s", "baseline"),
        ("s", "teacher"),
        ("u", "baseline"),
        ("u", "teacher"),
    ]
    assert [task.sample.sample_id for task in closed] == ["s", "s"]
    assert len({task.answer_id for task in [*opened, *closed]}) == 6


async def test_roles_with_one_model_ask_each_for_themselves() -> None:
    ask = ask_by_body(lambda _: "An answer.")

    for task in answer_tasks(
        [SAMPLE], {"baseline": "same", "teacher": "same"}, "open", RUN_SETTINGS
    ):
        await answer_sample(task, ask, RUN_SETTINGS)

    assert len({request.request_id for request in ask.requests}) == 2


@each_row(
    "text",
    [
        "I cannot answer this question from the excerpt.",
        "I don't know.",
        "The excerpt does not mention how much fondant a colony needs.",
        "The provided text doesn't contain information about that.",
        "The excerpt does not answer the question.",
        "The weight of the anvil is not given in the excerpt.",
        "Unfortunately, I am unable to find this.",
        "There is no information about the price.",
        "This question cannot be answered from the excerpt.",
        "I'm sorry, but I can\u2019t help with that.",
    ],
)
def test_refusal_is_recognised(text: str) -> None:
    assert is_refusal(text)


@each_row(
    "text",
    [
        "The anvil weighs 120 kilograms.",
        "None: syrup is no longer fed once the nights stay below 8 degrees.",
        "It does not: the wheel is thrown by foot, never by a motor.",
        "The package manager cannot determine the version, so it asks.",
        "A document does not have to be signed.",
        "That is not so. The kiln is heated to 1220 degrees.",
        "The lathe turns at 400 revolutions per minute. " * 7 + "The text does not mention elm.",
        "",
    ],
)
def test_answer_or_correction_is_no_refusal(text: str) -> None:
    assert not is_refusal(text)


async def test_parameters_of_a_role_go_to_its_model_alone_and_give_answers_other_ids() -> None:
    settings = RunSettings.model_validate({"tuned": {"parameters": {"top_p": 0.5}}})
    models: dict[Role, str] = {"tuned": "t", "teacher": "t"}
    ask = ask_by_body(lambda _: "An answer.")
    tuned, teacher = answer_tasks([SAMPLE], models, "open", settings)
    bare_tuned, bare_teacher = answer_tasks([SAMPLE], models, "open", RUN_SETTINGS)

    for task in (tuned, teacher):
        await answer_sample(task, ask, settings)

    assert [body.get("top_p") for body in ask.bodies] == [0.5, None]
    assert tuned.answer_id != bare_tuned.answer_id
    assert teacher.answer_id == bare_teacher.answer_id
