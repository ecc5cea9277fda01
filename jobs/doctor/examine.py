"""The whole examination: this machine, then every server with the models that it is to serve."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from engine.clock import Clock
from engine.errors import AuthError, ConfigError
from engine.servers import OWN_SERVER
from engine.wire.endpoints import Endpoint
from engine.wire.prices import make_price
from jobs.doctor.ask_models import ask_model, short_parameters
from jobs.doctor.check_machine import check_machine, check_price_list
from jobs.doctor.check_server import Served, check_server
from jobs.findings import Finding
from jobs.settings.endpoints import read_run_endpoints
from jobs.settings.roles import (
    RoleName,
    embeddings_of,
    judge_of,
    question_embeddings_of,
    read_role_endpoints,
    server_of,
)
from schemas.settings import RunSettings

NO_EMBEDDINGS = "evaluations score answer relevancy with embeddings; embeddings.model names another"


class _Role(NamedTuple):
    """Who is asked where, and whether that is needed: embeddings are mostly for evaluations."""

    served: Served
    server: str
    is_needed: bool = True


async def examine(
    settings: RunSettings,
    run_dir: Path,
    environment: Mapping[str, str],
    clock: Clock,
    *,
    asks: bool,
) -> list[Finding]:
    """Everything that can be looked at. `asks`: also send each chat model a short request."""
    roles = _roles(settings)
    models = [each.served.model for each in roles]
    today = clock.utc_now().date()
    findings = [
        *check_machine(settings, run_dir),
        *check_price_list(settings, list(dict.fromkeys(models)), today),
    ]
    try:
        servers = _servers(settings, environment, roles)
    except (AuthError, ConfigError) as error:
        return [*findings, Finding("key", "not ok", str(error))]
    for name, endpoints in servers.items():
        own = [each for each in roles if each.server == name]
        for endpoint in endpoints:
            found = await check_server(endpoint, [each.served for each in own], clock)
            findings += [_softened(each, own) for each in found]
            wrong = {each.about for each in found if each.verdict == "not ok"}
            if asks and not wrong & {"address", "key"}:
                fit = [each for each in own if each.served.role not in wrong]
                findings += await _ask_all(endpoint, fit, settings, clock)
    if not asks and servers:
        text = "not tried: --ask sends each model one short request, for a fraction of a cent"
        findings.append(Finding("parameters", "note", text))
    return findings


def _roles(settings: RunSettings) -> list[_Role]:
    """All that have a model, those of the evaluation if they are named."""
    roles = []
    if not settings.teacher.is_local:
        roles.append(_Role(Served("teacher", settings.teacher.model), OWN_SERVER))
    judge, embeddings = judge_of(settings), embeddings_of(settings)
    others: dict[RoleName, str] = {
        "judge": settings.judge.model,
        "baseline": settings.baseline.model or settings.student.model,
        "tuned": settings.tuned.model,
    }
    for role, model in others.items():
        server = judge.server if role == "judge" else server_of(settings, role)
        if model:
            roles.append(_Role(Served(role, model), server))
    questions = question_embeddings_of(settings)
    if questions is not None:
        roles.append(_Role(Served("embeddings", questions.model), questions.server))
    is_told = questions is not None and questions.model == embeddings.model
    if not is_told and not (settings.teacher.is_local and embeddings.server == OWN_SERVER):
        served = Served("embeddings", embeddings.model)
        roles.append(_Role(served, embeddings.server, bool(settings.embeddings.model)))
    return [each for each in roles if each.server != OWN_SERVER or not settings.teacher.is_local]


def _servers(
    settings: RunSettings, environment: Mapping[str, str], roles: Sequence[_Role]
) -> dict[str, list[Endpoint]]:
    """The endpoints by the name of the server. Raises what reading the keys raises."""
    names: list[RoleName] = [
        name
        for name in ("baseline", "tuned", "judge", "embeddings")
        if any(each.served.role == name for each in roles)
    ]
    servers = {OWN_SERVER: read_run_endpoints(settings, environment)}
    others = read_role_endpoints(settings, environment, names)
    servers |= {name: [endpoint] for name, endpoint in others.items()}
    return {name: endpoints for name, endpoints in servers.items() if endpoints}


def _softened(finding: Finding, roles: Sequence[_Role]) -> Finding:
    """A model that is missing is worth a note only, where no run needs it."""
    optional = {each.served for each in roles if not each.is_needed}
    is_optional = any(finding.about == role and model in finding.text for role, model in optional)
    if finding.verdict == "not ok" and is_optional:
        return finding._replace(verdict="note", text=f"{finding.text}. {NO_EMBEDDINGS}")
    return finding


async def _ask_all(
    endpoint: Endpoint, roles: Sequence[_Role], settings: RunSettings, clock: Clock
) -> list[Finding]:
    price = make_price(settings.prices)
    findings: list[Finding] = []
    asked = set()
    for each in roles:
        role, model = each.served
        if role == "embeddings" or model in asked:
            continue
        asked.add(model)
        if role == "teacher":
            form, temperature = settings.teacher.output, settings.questions.temperature
        else:
            form, temperature = settings.evaluation.judge_output, settings.evaluation.temperature
        findings += await ask_model(
            endpoint,
            model,
            short_parameters(form, temperature),
            limits=settings.limits,
            price=price,
            clock=clock,
        )
    return findings
