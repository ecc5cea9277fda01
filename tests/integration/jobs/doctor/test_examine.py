"""What the doctor says of servers, over real sockets against the stand-in."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.clock import SystemClock
from jobs.doctor.examine import examine
from jobs.findings import Finding, is_all_well
from jobs.settings.resolve import read_assignments, resolve_settings
from tests.openai_server import OpenAIServer, ServerConfig
from tests.openai_server.config import ModelCard, ModelLimits

MODEL = "gpt-6.1-terra"
KEY_VARIABLE = "OPENAI_API_KEY"
TODAY = SystemClock().utc_now().date()


def config(**changes: Any) -> ServerConfig:
    models = (
        ModelCard(id=MODEL, accepts_temperature=False),
        ModelCard(id="old", shutdown_date=str(TODAY - timedelta(days=1))),
        ModelCard(id="going", shutdown_date=str(TODAY + timedelta(days=9))),
    )
    limits = {"*": ModelLimits(requests_per_minute=300)}
    return ServerConfig(models=models, limits=limits).changed(changes)


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    async with OpenAIServer(config()) as running:
        yield running


async def look(
    server: OpenAIServer, *assignments: str, key: str | None = None, asks: bool = False
) -> list[Finding]:
    given = [f"teacher.base_url={server.base_url}", f"teacher.model={MODEL}", *assignments]
    settings = resolve_settings([read_assignments(given)])
    environment = {KEY_VARIABLE: server.api_key if key is None else key}
    return await examine(settings, Path(), environment, SystemClock(), asks=asks)


def said(findings: list[Finding], about: str) -> str:
    return "; ".join(
        f"{each.verdict}: {each.text}" for each in findings if each.about.startswith(about)
    )


async def test_all_is_well_where_it_is_and_nothing_is_sent(server: OpenAIServer) -> None:
    findings = await look(server)

    assert is_all_well(findings)
    assert said(findings, "address").startswith(f"ok: {server.base_url} answers")
    assert said(findings, "teacher") == f"ok: {MODEL} is served"
    assert said(findings, "clock").startswith("ok: ")
    assert said(findings, "embeddings").startswith("note: text-embedding-3-small")
    assert "--ask" in said(findings, "parameters")
    assert server.totals()["calls"] == 0


async def test_address_without_version_is_told_with_the_right_one(server: OpenAIServer) -> None:
    short = server.base_url.removesuffix("/v1")

    findings = await look(server, f"teacher.base_url={short}")

    assert said(findings, "address") == f"not ok: {short} lacks /v1: use {server.base_url}"


async def test_wrong_key_is_told_and_not_shown(server: OpenAIServer) -> None:
    findings = await look(server, key="sk-wrong-and-secret")

    assert said(findings, "key").startswith("not ok: ")
    assert "401" in said(findings, "key")
    assert "secret" not in str(findings)


async def test_missing_key_is_told_with_its_variable(server: OpenAIServer) -> None:
    findings = await look(server, "teacher.base_url=https://api.openai.com/v1", key="")

    assert "set the environment variable OPENAI_API_KEY" in said(findings, "key")


async def test_server_that_is_not_there_is_told(server: OpenAIServer) -> None:
    findings = await look(server, "teacher.base_url=http://127.0.0.1:9/v1")

    assert "cannot be reached" in said(findings, "address")
    assert not is_all_well(findings)


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("gpt-9", "not ok: gpt-9: the server has no such model; it has going, gpt-6.1-terra, old"),
        ("old", f"not ok: old was shut down on {TODAY - timedelta(days=1)}: choose another"),
        ("going", f"note: going is served until {TODAY + timedelta(days=9)}, 9 days from now"),
    ],
)
async def test_model_is_looked_up(server: OpenAIServer, model: str, text: str) -> None:
    assert said(await look(server, f"teacher.model={model}"), "teacher") == text


async def test_model_that_is_asked_shows_its_limits_and_what_it_refuses(
    server: OpenAIServer,
) -> None:
    well = await look(server, asks=True)
    refused = await look(server, "questions.temperature=0.3", asks=True)
    too_fast = await look(server, "limits.requests_per_minute=5000", asks=True)

    assert said(well, "asked").startswith("ok: it takes an output limit, response_format (")
    assert "ok: the server names 300 requests a minute" in said(well, "limits")
    assert "'temperature' is not supported" in said(refused, "asked")
    assert "lower limits.requests_per_minute, which is 5,000" in said(too_fast, "limits")
    assert server.totals()["calls"] == 3


async def test_role_with_a_server_of_its_own_is_looked_at_there(server: OpenAIServer) -> None:
    async with OpenAIServer(config(models=[{"id": "my-student"}])) as other:
        tuned = {"model": "my-student", "base_url": other.base_url, "key_variable": KEY_VARIABLE}

        findings = await look(server, *(f"tuned.{name}={it}" for name, it in tuned.items()))

    assert said(findings, "tuned") == "ok: my-student is served"
    assert len([each for each in findings if each.about == "address"]) == 2


async def test_model_for_the_vectors_of_questions_is_needed_and_named_once(
    server: OpenAIServer,
) -> None:
    missing = await look(server, "questions.embedding_model=no-such-model")
    usual = await look(server, "questions.embedding_model=text-embedding-3-small")

    assert any(f.about == "embeddings" and f.verdict == "not ok" for f in missing)
    assert len([each for each in usual if each.about == "embeddings"]) == 1


async def test_unknown_price_is_wrong_only_with_a_budget(server: OpenAIServer) -> None:
    free = await look(server, "teacher.model=mine")
    capped = await look(server, "teacher.model=mine", "budget.usd=1")

    assert said(free, "prices").startswith("note: unknown for mine")
    assert said(capped, "prices").startswith("not ok: unknown for mine")
