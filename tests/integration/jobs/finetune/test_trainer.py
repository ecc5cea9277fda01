"""The trainer behind OpenAI's fine-tuning API, against the stand-in over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.errors import ConfigError, FatalError, InterruptedRunError, TransientError
from engine.stopping import Admission
from engine.wire.endpoints import Endpoint
from engine.wire.sdk.client import delete_file, open_client
from jobs.finetune.check_rows import check_rows
from jobs.finetune.ledger import TuningLedger
from jobs.finetune.trainers.job_client import JobClient
from jobs.finetune.trainers.openai_trainer import OpenAITrainer, TrainingOrder
from jobs.finetune.trainers.trainer import TrainingSet
from schemas.settings import StudentSettings
from tests.openai_server import FileRules, FineTuningRules, ModelCard, OpenAIServer, ServerConfig
from tests.unit.jobs.finetune.rows import many_rows, write_lines

STUDENT = "gpt-4o-mini"
PHASE_S = 0.15
HASTE = 50.0


class HastyClock(SystemClock):
    """The machine's clock, but waits are much shorter; remembers how long they should have been."""

    def __init__(self) -> None:
        self.slept_s: list[float] = []
        self.days_later = 0

    def utc_now(self) -> datetime:
        return super().utc_now() + timedelta(days=self.days_later)

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        await asyncio.sleep(seconds / HASTE)


class Bench:
    """A folder with rows; each `trainer` is what one call of the command works with."""

    def __init__(self, folder: Path, server: OpenAIServer) -> None:
        self.folder = folder
        self.server = server
        self.clock = HastyClock()
        self.admission = Admission(self.clock)

    @asynccontextmanager
    async def trainer(self, **settings: object) -> AsyncIterator[OpenAITrainer]:
        rows = check_rows(
            write_lines(self.folder / "train.jsonl", many_rows(12)),
            held_out_path=self.folder / "held_out.jsonl",
            max_row_tokens=1_000,
        )
        endpoint = Endpoint(self.server.base_url, self.server.api_key)
        client = JobClient(endpoint, timeout_s=10, clock=self.clock)
        student = StudentSettings.model_validate({"model": STUDENT, **settings})
        order = TrainingOrder(
            endpoint.base_url, TrainingSet(rows, None), student, "run-1", settle_s=15.0
        )
        paths = (self.folder / "finetuning.jsonl", self.folder / "finetuning_metrics.jsonl")
        async with TuningLedger(*paths, self.clock) as ledger:
            try:
                yield OpenAITrainer(
                    order, client, ledger, admission=self.admission, clock=self.clock
                )
            finally:
                await client.aclose()

    def ours(self) -> list[str]:
        """The files that were uploaded."""
        return [file.id for file in self.server.files.all() if file.purpose == "fine-tune"]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    rules = FineTuningRules(validating_s=PHASE_S, queued_s=PHASE_S, running_s=PHASE_S)
    config = ServerConfig(models=(ModelCard(id=STUDENT),), fine_tuning=rules)
    async with OpenAIServer(config) as server:
        yield Bench(tmp_path, server)


async def delete(bench: Bench, file_id: str) -> None:
    async with open_client(
        Endpoint(bench.server.base_url, bench.server.api_key), timeout_s=10
    ) as client:
        await delete_file(client, file_id)


async def reconfigure(bench: Bench, **changes: object) -> None:
    await bench.server.configure(bench.server.config.changed(changes))


async def test_every_state_is_passed_and_every_event_is_said_once(bench: Bench) -> None:
    said: list[str] = []

    async with bench.trainer() as trainer:
        submitted = await trainer.submit()
        await trainer.follow(said.append)
        tuned = await trainer.result()

    (job,) = bench.server.fine_tuning.all()
    assert (submitted.reference, submitted.is_new) == (job["id"], True)
    assert (tuned.status, tuned.model) == ("succeeded", job["fine_tuned_model"])
    assert tuned.message.startswith("loss ")
    assert len(said) == len(set(said))
    assert "Files validated, moving job to queued state" in said
    assert said[-1] == "The job has successfully completed"


async def test_outage_while_following_is_waited_for(bench: Bench) -> None:
    said: list[str] = []

    async with bench.trainer() as trainer:
        await trainer.submit()
        faults = {"list_events": {"calls": {2: "server_error", 3: "reset_before", 4: "html"}}}
        await reconfigure(bench, slow_faults=faults)
        await trainer.follow(said.append)
        tuned = await trainer.result()

    assert tuned.status == "succeeded"
    assert any(line.endswith("; waiting for the provider") for line in said)


@pytest.mark.parametrize("call", ["upload_file", "create_job"])
async def test_reply_that_was_lost_is_looked_for_once_lists_can_be_trusted(
    bench: Bench, call: str
) -> None:
    await reconfigure(bench, slow_faults={call: {"calls": {1: "reset_after"}}})
    async with bench.trainer() as trainer:
        with pytest.raises(TransientError):
            await trainer.submit()
    slept_before = list(bench.clock.slept_s)

    async with bench.trainer() as trainer:
        assert trainer.is_submitted
        adopted = await trainer.submit()

    (job,) = bench.server.fine_tuning.all()
    assert slept_before == []
    assert bench.clock.slept_s == [15.0]
    assert adopted.reference == job["id"]
    assert len(bench.ours()) == 1


async def test_file_that_was_deleted_before_there_was_a_job_is_uploaded_again(bench: Bench) -> None:
    await reconfigure(bench, slow_faults={"create_job": {"calls": {1: "reset_before"}}})
    async with bench.trainer() as trainer:
        with pytest.raises(TransientError):
            await trainer.submit()
    (deleted,) = bench.ours()
    await delete(bench, deleted)

    async with bench.trainer() as trainer:
        await trainer.submit()

    (job,) = bench.server.fine_tuning.all()
    assert [job["training_file"]] == bench.ours() != [deleted]


async def test_other_parameters_make_another_job_from_the_same_file(bench: Bench) -> None:
    for epochs in (1, 2, 1):
        async with bench.trainer(epochs=epochs) as trainer:
            await trainer.submit()

    jobs = bench.server.fine_tuning.all()
    assert [job["hyperparameters"]["n_epochs"] for job in jobs] == [1, 2]
    assert {job["training_file"] for job in jobs} == set(bench.ours())
    assert len(bench.ours()) == 1


async def test_job_waits_for_a_file_that_is_not_found_for_a_moment(bench: Bench) -> None:
    await reconfigure(bench, files=FileRules(hidden_calls=2).model_dump())

    async with bench.trainer() as trainer:
        await trainer.submit()

    assert len(bench.server.fine_tuning.all()) == 1
    assert bench.clock.slept_s == [0.5, 1.0]


async def test_shutdown_date_of_the_model_is_a_warning(bench: Bench) -> None:
    card = ModelCard(id=STUDENT, shutdown_date="2027-01-14")
    await reconfigure(bench, models=[card.model_dump()])

    async with bench.trainer() as trainer:
        warnings = await trainer.check()

    assert warnings == [f"{STUDENT} will be shut down on 2027-01-14, and its fine-tunes with it"]


async def test_model_that_is_served_but_not_tuned_is_refused_with_a_way_out(bench: Bench) -> None:
    await reconfigure(bench, models=[{"id": STUDENT, "dimensions": 16}])

    async with bench.trainer() as trainer:
        with pytest.raises(ConfigError) as refused:
            await trainer.submit()

    assert "is not available for fine-tuning" in str(refused.value)
    assert "--trainer export" in str(refused.value)


async def test_closed_account_stops_before_there_is_a_job(bench: Bench) -> None:
    rules = {"closed_message": "Fine-tuning is no longer available to your organization."}
    await reconfigure(bench, fine_tuning=rules)

    async with bench.trainer() as trainer:
        with pytest.raises(FatalError, match=r"no longer available.*--trainer export.*--base-url"):
            await trainer.submit()

    assert bench.server.fine_tuning.all() == []


async def test_other_host_gets_its_own_files_and_job_after_an_account_was_closed(
    bench: Bench,
) -> None:
    closed = bench.server
    await reconfigure(bench, fine_tuning={"closed_message": "Closed."})
    async with bench.trainer() as trainer:
        with pytest.raises(FatalError):
            await trainer.submit()

    async with OpenAIServer(ServerConfig(models=(ModelCard(id=STUDENT),))) as other:
        bench.server = other
        async with bench.trainer() as trainer:
            was_submitted = trainer.is_submitted
            await trainer.submit()
        jobs = other.fine_tuning.all()

    assert not was_submitted
    assert len(jobs) == 1
    assert closed.fine_tuning.all() == []


async def test_metrics_that_cannot_be_fetched_do_not_lose_the_model(bench: Bench) -> None:
    await reconfigure(bench, slow_faults={"download_file": {"calls": {1: "server_error"}}})

    async with bench.trainer() as trainer:
        await trainer.submit()
        await trainer.follow(lambda _: None)
        first = await trainer.result()
        second = await trainer.result()

    assert first.model == second.model != ""
    assert "metrics could not be fetched" in first.message
    assert second.message.startswith("loss ")


async def test_stop_while_following_leaves_the_job_alone(bench: Bench) -> None:
    def stop(_: str) -> None:
        bench.admission.close(InterruptedRunError(2))

    async with bench.trainer() as trainer:
        await trainer.submit()
        with pytest.raises(InterruptedRunError):
            await trainer.follow(stop)

    assert [job["status"] for job in bench.server.fine_tuning.all()] == ["validating_files"]


async def test_job_that_the_provider_no_longer_shows_is_one_message(bench: Bench) -> None:
    async with bench.trainer() as trainer:
        submitted = await trainer.submit()
    path = bench.folder / "finetuning.jsonl"
    path.write_text(path.read_text().replace(submitted.reference, "ftjob-gone"))

    async with bench.trainer() as trainer:
        with pytest.raises(TransientError, match="job ftjob-gone is not shown yet"):
            await trainer.result()
        bench.clock.days_later = 1
        with pytest.raises(ConfigError, match="job ftjob-gone is not shown by the provider"):
            await trainer.result()
        with pytest.raises(ConfigError, match="job ftjob-gone is not shown by the provider"):
            await trainer.follow(lambda _: None)


async def test_job_that_has_ended_cannot_be_cancelled(bench: Bench) -> None:
    async with bench.trainer() as trainer:
        with pytest.raises(ConfigError, match="there is no fine-tuning job"):
            await trainer.cancel()
        await trainer.submit()
        await trainer.follow(lambda _: None)
        with pytest.raises(ConfigError, match=r"cannot be cancelled: .*already completed"):
            await trainer.cancel()
