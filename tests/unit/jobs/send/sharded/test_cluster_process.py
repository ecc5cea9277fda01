import os

import pytest

from engine import errors
from engine.errors import ConfigError, OutageError
from engine.wire.endpoints import Endpoint, Payer
from jobs.send.sharded.cluster_process import (
    ClusterPlace,
    ClusterProcess,
    error_of,
)
from jobs.send.sharded.messages import (
    FROM_PROCESS,
    TO_PROCESS,
    Begin,
    Lend,
    ProcessFailed,
    SendShards,
    ShardEnded,
)
from jobs.send.sharded.send_sharded import fit_workers
from schemas.settings import LimitSettings, RunSettings
from tests.rows import each_row


@pytest.fixture(autouse=True)
def _no_variables_of_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray sets some where it is imported, as a test before may have done."""
    for name in [name for name in os.environ if name.startswith("RAY_")]:
        monkeypatch.delenv(name)


async def test_variables_that_may_have_ended_ray_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_health_check_period_ms", "1s")

    async with ClusterProcess(ClusterPlace(), "abc") as process:
        with pytest.raises(ConfigError, match=r"mend or unset RAY_health_check_period_ms$"):
            await process.begin(Begin(address=None, settings=RunSettings(), endpoints=[]))


@each_row(
    "per_minute, wanted, workers",
    [(None, 1000, 1000), (1200.0, 4, 4), (1200.0, 64, 10), (30.0, 8, 1)],
)
def test_no_more_workers_than_a_limit_has_work_for(
    per_minute: float | None, wanted: int, workers: int
) -> None:
    limits = LimitSettings(requests_per_minute=per_minute)

    assert fit_workers(wanted, RunSettings(limits=limits)) == workers


@each_row("module, said", [("no_such_module", "No module named"), ("abc", "it said nothing")])
async def test_process_that_has_ended_is_a_cluster_that_is_gone_however_it_ended(
    module: str, said: str
) -> None:
    async with ClusterProcess(ClusterPlace(), module) as process:
        with pytest.raises(OutageError, match=said):
            await process.begin(Begin(address=None, settings=RunSettings(), endpoints=[]))

        process.lend(Lend(until_s=1.0, usd=1.0))
        with pytest.raises(OutageError, match="the Ray cluster, or its head, is gone"):
            async for _ in process.send(SendShards(call_dir="a", workers=1, spent_usd=0.0)):
                pass


def test_errors_keep_their_kind_on_the_way_between_processes() -> None:
    quota = error_of(ProcessFailed(error="QuotaError", message="no room"))
    unknown = error_of(ProcessFailed(error="KeyError", message="'a'"))

    assert (type(quota), str(quota)) == (errors.QuotaError, "no room")
    assert (type(unknown), str(unknown)) == (errors.UnexpectedError, "'a'")


def test_messages_arrive_as_they_were_sent_keys_too() -> None:
    endpoint = Endpoint(
        "https://one.example/v1",
        "sk-secret",
        account=Payer("org", "project"),
        headers=(("x-team", "a"),),
    )
    begin = Begin(address=None, settings=RunSettings(), endpoints=[endpoint])
    ended = ShardEnded(shard="shard-00001", unsettled={"timeout": 2})

    assert TO_PROCESS.validate_json(begin.model_dump_json()) == begin
    assert TO_PROCESS.validate_json(begin.model_dump_json()).endpoints[0].api_key == "sk-secret"  # type: ignore[union-attr]
    assert FROM_PROCESS.validate_json(ended.model_dump_json()) == ended
