"""Says which models a dataset asks, and at which servers."""

from collections.abc import Mapping

from jobs.dataset.judge.judge_rows import VERDICTS
from jobs.dataset.rows.unanswerable import UNANSWERABLE
from jobs.run.run_engine import OtherServers, other_servers
from jobs.settings.roles import (
    RoleModel,
    RoleName,
    judge_of,
    question_embeddings_of,
    read_role_endpoints,
)
from schemas.settings import RunSettings


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
