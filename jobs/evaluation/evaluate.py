"""Evaluates models on a run's questions, or goes on with it."""

import logging
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from engine.clock import SystemClock
from engine.errors import ConfigError, ModelGoneError
from engine.files.lock import WriterLock
from engine.last_call import noted_call
from engine.run_folder import RunFolder
from engine.stopping import Stopping, stop_on_signals
from engine.wire.endpoints import Endpoint
from jobs.dataset.stages import DATASET
from jobs.evaluation.evaluated_models import (
    answering_parameters,
    answering_server,
    asked_roles,
    evaluated_models,
    find_baseline,
)
from jobs.evaluation.rejudge import among_answers, answered_modes, models_of
from jobs.evaluation.score_answers import check_scoring
from jobs.evaluation.serve_student import is_student_asked, student_served
from jobs.evaluation.stages import EVALUATION, JUDGING
from jobs.run.changing.changes import find_changes
from jobs.run.changing.retry import retry_failed
from jobs.run.lanes import LaneOrder
from jobs.run.open_stages import open_stages
from jobs.run.run_stages import StagesEnd
from jobs.run.servers import check_prices, other_servers
from jobs.run.spread_parts import OpenSpread
from jobs.run.stages import Stages
from jobs.run.stored import StoredRun
from jobs.settings.known_traps import evaluation_traps
from jobs.settings.roles import JUDGE_ROLES, RoleModel, embeddings_of, judge_of, read_role_endpoints
from jobs.settings.run_config import (
    RunConfig,
    read_run_config,
    require_run_config,
    write_run_config,
)
from jobs.settings.unserved_models import forget_unserved
from schemas.evaluation import Contest, Mode, Role
from schemas.settings import RunSettings

NO_ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType({})
ROUNDS_NAME = "evaluation"  # in the ledger of batches

_log = logging.getLogger(__name__)


class EvaluationOrder(NamedTuple):
    """What the user asks for. `roles` empty: all that have a model.

    `questions`: only these instead of the run's own. `role_endpoints` are those of roles that have
    one of their own, by name of the server. The keys of the endpoints are in no file.
    `asks_judge_alone`: nothing is answered, what was is judged. `spread` None: all is done in this
    process. `stored` None: the run is in its folder alone.
    """

    folder: RunFolder
    settings: RunSettings
    endpoints: Sequence[Endpoint]
    roles: Sequence[Role] = ()
    mode: Mode = "open"
    questions: Sequence[str] | None = None
    retries_failed: bool = False
    lane: LaneOrder = LaneOrder()
    role_endpoints: Mapping[str, Endpoint] = NO_ENDPOINTS
    metrics_port: int | None = None
    asks_judge_alone: bool = False
    spread: OpenSpread | None = None
    stored: StoredRun | None = None

    @property
    def stages(self) -> Stages[Contest]:
        """What is gone through."""
        return JUDGING if self.asks_judge_alone else EVALUATION


def with_role_endpoints(order: EvaluationOrder, environment: Mapping[str, str]) -> EvaluationOrder:
    """With the servers of those roles that will be asked; their keys are in the environment.

    Raises:
        ConfigError: a key is missing.
    """
    asked = JUDGE_ROLES if order.asks_judge_alone else asked_roles(order.roles)
    endpoints = read_role_endpoints(order.settings, environment, asked)
    return order._replace(role_endpoints=endpoints)


def orders_by_mode(order: EvaluationOrder, asked_mode: Mode | None) -> Sequence[EvaluationOrder]:
    """Once; where no mode is named and the judge alone is asked, in each with answers.

    Raises:
        ConfigError: there are no answers to judge.
        DamagedLogError: a line of the evaluation is damaged.
    """
    if not order.asks_judge_alone or asked_mode is not None or not order.folder.is_begun:
        return [order]
    modes = answered_modes(order.folder, order.settings, order.roles)
    return [order._replace(mode=mode) for mode in modes]


async def evaluate(order: EvaluationOrder) -> StagesEnd:
    """Take an evaluation as far as it goes; the same call again resumes it.

    Raises:
        ConfigError: there is no dataset, no tuned model or no ragas; other bad settings.
        EngineError: any error that ends it early; everything bought until then is kept.
    """
    folder, models = order.folder, check_evaluation(order).models
    folder.create()
    answering = {} if order.asks_judge_alone else models
    async with student_served(folder, order.settings, answering) as student:
        return await _evaluate(
            order._replace(role_endpoints={**order.role_endpoints, **student}), models
        )


def check_evaluation(order: EvaluationOrder) -> Contest:
    """Who would answer what, once it is sure that an evaluation may begin. Makes nothing.

    Raises:
        ConfigError: as `evaluate` says.
    """
    folder, settings = order.folder, order.settings
    check_scoring(settings)
    _continued_config(folder, settings)
    if order.asks_judge_alone:
        models = models_of(folder, settings, order.roles)
        return among_answers(folder, Contest(models, order.mode, None), settings)
    chosen = _chosen_models(order)
    if order.spread is not None and is_student_asked(settings, chosen):
        raise ConfigError(
            "--on ray asks servers that every machine reaches, and the student is served within "
            "this command: leave --on ray out, or name where it is with --set tuned.base_url="
        )
    return Contest(chosen, order.mode, order.questions)


async def _evaluate(order: EvaluationOrder, models: Mapping[Role, str]) -> StagesEnd:
    """The same, with all servers running."""
    folder, settings = order.folder, order.settings
    answering = {} if order.asks_judge_alone else models
    asked = _asked(order, answering)
    others = other_servers(settings, order.role_endpoints, asked)
    check_prices(settings, [each.model for each in asked], others)
    parameters = {
        role: (model, answering_parameters(settings, role)) for role, model in answering.items()
    }
    for trap in evaluation_traps(settings, parameters):
        _log.warning("%s", trap)
    stopping = Stopping()
    with (
        WriterLock(folder.lock_path),
        noted_call(folder, "evaluate", SystemClock()) as note,
        stop_on_signals(stopping, grace_s=settings.limits.grace_s),
    ):
        before = read_run_config(folder.config_path)
        write_run_config(folder.config_path, _continued_config(folder, settings))
        if order.retries_failed:
            count = retry_failed(folder, order.stages)
            _log.info("asking again: %d requests that had failed", count)
        contest = Contest(models, order.mode, order.questions)
        try:
            known: Stages[Any] = (*DATASET, *EVALUATION)
            async with open_stages(
                order.stages, contest, order, others, stopping, known=known
            ) as opened:
                end = await opened.run(ROUNDS_NAME, is_changed=True)
        except ModelGoneError:
            if before is not None:
                forget_unserved(folder, before)
            raise
        if not end.is_done:
            note.leave(end.describe_left())
        return end


def _asked(order: EvaluationOrder, models: Mapping[Role, str]) -> list[RoleModel]:
    """All that are asked something if `models` answer; the teacher also for the new questions."""
    settings = order.settings
    return [
        *(() if order.asks_judge_alone else (RoleModel(settings.teacher.model),)),
        judge_of(settings),
        embeddings_of(settings),
        *(RoleModel(model, answering_server(settings, role)) for role, model in models.items()),
    ]


def _continued_config(folder: RunFolder, settings: RunSettings) -> RunConfig:
    """The run's config with other settings of the evaluation, but the same of the dataset."""
    before = require_run_config(folder.config_path)
    after = RunConfig(run=before.run, settings=settings)
    if changes := find_changes(before, after, DATASET):
        named = "; ".join(change.what for change in changes)
        raise ConfigError(
            f"{folder.run_dir} was made with other settings ({named}): `distill run "
            f"{folder.run_dir}` comes first with these, or evaluate with the former ones"
        )
    if not (folder.dataset_dir / "held_out.jsonl").exists():
        raise ConfigError(
            f"{folder.run_dir}: has no dataset yet; finish it with `distill run {folder.run_dir}`"
        )
    return after


def _chosen_models(order: EvaluationOrder) -> Mapping[Role, str]:
    models = evaluated_models(order.folder, order.settings)
    if "tuned" not in models:
        if "tuned" in order.roles:
            raise ConfigError(
                f"{order.folder.run_dir}: there is no tuned model: make one with `distill finetune "
                f"{order.folder.run_dir}`, or name one with --set tuned.model=MODEL"
            )
        if not order.roles:
            _log.warning("nothing was tuned yet: baseline and teacher alone are evaluated")
    chosen = {role: model for role, model in models.items() if role in (order.roles or models)}
    if "baseline" in chosen and not find_baseline(order.folder, order.settings):
        _log.warning(
            "baseline: no student is known, so the teacher's model %s stands in for it; name the "
            "untuned student with --set baseline.model=MODEL",
            chosen["baseline"],
        )
    return chosen
