"""Which models a run asks, at which servers, and at what prices."""

import logging
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from engine.errors import ConfigError
from engine.servers import OWN_SERVER
from engine.wire.endpoints import Endpoint
from engine.wire.prices import Price, make_price
from jobs.dataset.judge.judge_rows import VERDICTS
from jobs.dataset.rows.unanswerable import UNANSWERABLE
from jobs.settings.roles import (
    RoleModel,
    RoleName,
    judge_of,
    question_embeddings_of,
    read_role_endpoints,
)
from schemas.outcomes import Usage
from schemas.settings import RunSettings

_log = logging.getLogger(__name__)


class OtherServers(NamedTuple):
    """Servers beside the teacher's, by the name that requests give.

    `free_models` are those that only servers on this machine are asked for.
    """

    endpoints: Mapping[str, Endpoint] = MappingProxyType({})
    free_models: frozenset[str] = frozenset()


def other_servers(
    settings: RunSettings, endpoints: Mapping[str, Endpoint], asked: Iterable[RoleModel]
) -> OtherServers:
    """The servers at these endpoints, if all that are asked are `asked`."""
    local = {name for name, endpoint in endpoints.items() if endpoint.is_local}
    if settings.teacher.is_local:
        local.add(OWN_SERVER)
    models, paid = set[str](), set[str]()
    for each in asked:
        (models if each.server in local else paid).add(each.model)
    return OtherServers(endpoints, frozenset(models - paid))


def asked_models(settings: RunSettings) -> list[str]:
    """The models that a dataset asks."""
    judges = [judge_of(settings).model] if asks_judge(settings) else []
    embeddings = question_embeddings_of(settings)
    return [settings.teacher.model, *judges, *([embeddings.model] if embeddings else [])]


def dataset_servers(settings: RunSettings, environment: Mapping[str, str]) -> OtherServers:
    """The servers beside the teacher's that a dataset asks.

    Raises:
        AuthError: a key is needed and is not in the environment.
    """
    embeddings, judges = question_embeddings_of(settings), asks_judge(settings)
    roles: list[RoleName] = ["judge"] if judges else []
    asked = [RoleModel(settings.teacher.model), *([judge_of(settings)] if judges else [])]
    if embeddings is not None:
        roles.append("embeddings")
        asked.append(embeddings)
    return other_servers(settings, read_role_endpoints(settings, environment, roles), asked)


def asks_judge(settings: RunSettings) -> bool:
    """Whether a dataset asks the judge anything."""
    return VERDICTS.is_wanted(settings) or UNANSWERABLE.is_wanted(settings)


def check_prices(
    settings: RunSettings,
    models: Iterable[str],
    others: OtherServers = OtherServers(),  # noqa: B008 - immutable
) -> None:
    """Say which models' prices are unknown, if any are.

    Raises:
        ConfigError: one is, and there is a budget to keep.
    """
    price = run_price(settings, others)
    for model in sorted(set(models)):
        if price(model, Usage(prompt_tokens=1)) is not None:
            continue
        advice = (
            f'the price of model {model!r} is unknown; give it as [prices."{model}"] with input '
            "and output in dollars per million tokens"
        )
        if settings.budget.usd is not None:
            raise ConfigError(f"{advice}, or leave budget.usd unset")
        _log.warning("%s to see what the run costs", advice)


def run_price(
    settings: RunSettings,
    others: OtherServers = OtherServers(),  # noqa: B008 - immutable
) -> Price:
    """What requests of a run cost; at servers on this machine nothing."""
    is_free = settings.teacher.is_local and not others.endpoints
    return make_price(settings.prices, is_free=is_free, free_models=others.free_models)
