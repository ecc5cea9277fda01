import socket

import pytest

from engine import errors
from engine.errors import ConfigError, OutageError
from engine.wire.endpoints import Endpoint, Payer
from jobs.send.sharded.cluster_process import (
    ClusterPlace,
    ClusterProcess,
    check_address,
    error_of,
)
from jobs.send.sharded.messages import (
    FROM_PROCESS,
    TO_PROCESS,
    Begin,
    Failed,
    Lend,
    Send,
    ShardEnded,
)
from jobs.send.sharded.send_sharded import fit_workers
from schemas.settings import LimitSettings, RunSettings
from tests.rows import each_row


@each_row("address", ["ray://head:10001", "head", "head:", ":6379", "head:http"])
async def test_address_that_is_none_is_refused_with_the_form_of_one(address: str) -> None:
    with pytest.raises(ConfigError, match="expected HOST:PORT as `ray start` prints it"):
        await check_address(address)


@each_row("host", ["a..b", "x" * 70])
async def test_address_with_a_name_that_no_machine_can_have_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="nobody listens there"):
        await check_address(f"{host}:6379")


async def test_address_where_nobody_listens_is_refused_at_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(ConfigError, match="nobody listens there"):
            await check_address(f"127.0.0.1:{taken.getsockname()[1]}")


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
            async for _ in process.send(Send(call_dir="a", workers=1, spent_usd=0.0)):
                pass


def test_errors_keep_their_kind_on_the_way_between_processes() -> None:
    quota = error_of(Failed(error="QuotaError", message="no room"))
    unknown = error_of(Failed(error="KeyError", message="'a'"))

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
