"""The fine-tuning API of the stand-in, read by the official client over real sockets."""

import asyncio
import base64
from typing import Any

import openai
import orjson
import pytest
from openai.types.fine_tuning import FineTuningJob

from tests.integration.openai_server.clients import served
from tests.openai_server import Faults, FineTuningRules

ENDED = ("succeeded", "failed", "cancelled")
ROW = {
    "messages": [
        {"role": "user", "content": "How many?"},
        {"role": "assistant", "content": "Seven."},
    ]
}


def rows(count: int, row: Any = ROW) -> bytes:
    return (orjson.dumps(row) + b"\n") * count


async def create(client: openai.AsyncOpenAI, content: bytes, **more: Any) -> FineTuningJob:
    file = await client.files.create(file=("train.jsonl", content), purpose="fine-tune")
    return await client.fine_tuning.jobs.create(
        training_file=file.id, **{"model": "gpt-4.1-mini", **more}
    )


async def wait_for(client: openai.AsyncOpenAI, job: FineTuningJob, *statuses: str) -> FineTuningJob:
    async with asyncio.timeout(10):
        while job.status not in statuses:
            await asyncio.sleep(0.01)
            job = await client.fine_tuning.jobs.retrieve(job.id)
    return job


async def end(client: openai.AsyncOpenAI, job: FineTuningJob) -> FineTuningJob:
    return await wait_for(client, job, *ENDED)


def check_metrics(text: str) -> None:
    """A line a step of CSV, for 24 steps."""
    header, *steps = text.splitlines()
    assert header.split(",")[:2] == ["step", "train_loss"]
    assert [line.split(",")[0] for line in steps] == [str(step) for step in range(1, 25)]


@pytest.mark.parametrize("encoding", ["plain", "base64"])
async def test_job_succeeds_with_metrics_checkpoints_and_a_model_that_answers(
    encoding: Any,
) -> None:
    async with served(fine_tuning=FineTuningRules(result_encoding=encoding)) as (_, client):
        validation = await client.files.create(file=("v.jsonl", rows(2)), purpose="fine-tune")
        method: Any = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}}
        job = await create(
            client,
            rows(12),
            method=method,
            suffix="mine",
            seed=7,
            metadata={"run": "a"},
            validation_file=validation.id,
        )
        job = await end(client, job)
        metrics = (await client.files.content(job.result_files[0])).content
        events = [each async for each in client.fine_tuning.jobs.list_events(job.id, limit=7)]
        checkpoints = await client.fine_tuning.jobs.checkpoints.list(job.id)
        model = await client.models.retrieve(job.fine_tuned_model or "")
        chat = await client.chat.completions.create(
            model=model.id, messages=[{"role": "user", "content": "hi"}]
        )

    assert job.status == "succeeded"
    assert job.fine_tuned_model is not None
    assert job.fine_tuned_model.startswith("ft:gpt-4.1-mini:org-test:mine:")
    assert (job.seed, job.metadata, job.hyperparameters.n_epochs) == (7, {"run": "a"}, 2)
    assert job.trained_tokens == 12 * 2 * (3 + 4 + 2 + 4)
    check_metrics((base64.b64decode(metrics) if encoding == "base64" else metrics).decode())
    assert events[0].message == "The job has successfully completed"
    assert events[-1].message == f"Created fine-tuning job: {job.id}"
    assert sum(event.type == "metrics" for event in events) == 24
    assert [each.step_number for each in checkpoints.data] == [24, 12]
    assert checkpoints.data[0].fine_tuned_model_checkpoint == job.fine_tuned_model
    assert checkpoints.data[0].metrics.valid_loss
    assert (model.owned_by, model.shutdown_date) == ("org-test", "2027-01-14")
    assert chat.choices[0].message.content


async def test_states_are_passed_one_after_the_other_with_growing_events() -> None:
    phases = {"validating_s": 99.0, "queued_s": 99.0, "running_s": 99.0}
    states = ("validating_files", "queued", "running")
    seen: list[int] = []
    async with served(fine_tuning=FineTuningRules(**phases)) as (server, client):
        job = await create(client, rows(10))
        for phase, status in zip(phases, states, strict=True):
            job = await wait_for(client, job, status)
            seen.append(len((await client.fine_tuning.jobs.list_events(job.id)).data))
            phases[phase] = 0.0
            await server.configure(server.config.changed({"fine_tuning": phases}))
        job = await end(client, job)

    assert seen == [2, 3, 4]
    assert job.status == "succeeded"


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (rows(9), "invalid_n_examples", "has 9 example"),
        (rows(10) + b"{\n", "invalid_training_file", "Line 11: expected a JSON object"),
        (rows(10, {"prompt": "x"}), "invalid_training_file", "Line 1: expected an object"),
        (
            rows(10, {"messages": [{"role": "boss", "content": "x"}]}),
            "invalid_training_file",
            "unexpected role 'boss'",
        ),
        (
            rows(10, {"messages": [{"role": "user", "content": "x"}]}),
            "invalid_training_file",
            "the last message",
        ),
    ],
)
async def test_file_that_cannot_be_trained_on_fails_the_job(
    content: bytes, code: str, message: str
) -> None:
    async with served() as (_, client):
        job = await end(client, await create(client, content))

    assert job.status == "failed"
    assert job.error is not None
    assert (job.error.code, job.error.param) == (code, "training_file")
    assert message in job.error.message
    assert (job.fine_tuned_model, job.result_files) == (None, [])


async def test_job_may_fail_in_training() -> None:
    async with served(fine_tuning=FineTuningRules(is_failing=True)) as (_, client):
        job = await end(client, await create(client, rows(10)))
        events = (await client.fine_tuning.jobs.list_events(job.id)).data

    assert job.status == "failed"
    assert job.error is not None
    assert job.error.code == "server_error"
    assert events[0].level == "error"


async def test_cancelled_job_makes_no_model_and_cannot_be_cancelled_again() -> None:
    async with served(fine_tuning=FineTuningRules(running_s=99)) as (server, client):
        job = await wait_for(client, await create(client, rows(10)), "running")
        cancelled = await client.fine_tuning.jobs.cancel(job.id)
        with pytest.raises(openai.BadRequestError, match="already completed"):
            await client.fine_tuning.jobs.cancel(job.id)
        models = [model.id async for model in client.models.list()]
        shown = server.fine_tuning.all()

    assert cancelled.status == shown[0]["status"] == "cancelled"
    assert cancelled.finished_at
    assert not [model for model in models if model.startswith("ft:")]


async def test_closed_account_is_refused_with_the_message() -> None:
    rules = FineTuningRules(closed_message="Fine-tuning is not available to your organization.")
    async with served(fine_tuning=rules) as (server, client):
        with pytest.raises(openai.PermissionDeniedError, match="not available to your"):
            await create(client, rows(10))

    assert server.fine_tuning.all() == []


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"model": "gpt-2"}, openai.NotFoundError),
        ({"model": "text-embedding-3-small"}, openai.BadRequestError),
        ({"suffix": "x" * 65}, openai.BadRequestError),
        ({"validation_file": "file-none"}, openai.BadRequestError),
        ({"method": {"type": "dpo"}}, openai.BadRequestError),
        ({"hyperparameters": {"n_epochs": 0}}, openai.BadRequestError),
    ],
)
async def test_wrong_parameters_are_refused(wrong: Any, expected: type[Exception]) -> None:
    async with served() as (server, client):
        with pytest.raises(expected):
            await create(client, rows(10), **wrong)

    assert server.fine_tuning.all() == []


async def test_file_for_another_purpose_is_refused() -> None:
    async with served() as (_, client):
        file = await client.files.create(file=("a.jsonl", rows(10)), purpose="batch")
        with pytest.raises(openai.BadRequestError, match="purpose 'fine-tune'"):
            await client.fine_tuning.jobs.create(training_file=file.id, model="gpt-4.1-mini")


async def test_job_created_on_a_cut_connection_is_found_by_its_metadata() -> None:
    faults = {"create_job": Faults(calls={1: "reset_after"})}
    rules = FineTuningRules(others=3)
    async with served(slow_faults=faults, fine_tuning=rules) as (_, client):
        with pytest.raises(openai.APIConnectionError):
            await create(client, rows(10), metadata={"run": "a"})
        jobs = [job async for job in client.fine_tuning.jobs.list(limit=2)]
        found = [job async for job in client.fine_tuning.jobs.list(metadata={"run": "a"})]

    assert len(jobs) == 4
    assert [job.metadata for job in jobs[:2]] == [{"run": "a"}, {"owner": "somebody-else"}]
    assert [job.id for job in found] == [jobs[0].id]
