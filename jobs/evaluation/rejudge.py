"""Which answers are there to be judged again, where nothing but the judge is to be asked."""

import logging
from collections.abc import Collection, Sequence
from typing import get_args

from engine.errors import ConfigError
from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.evaluation.answer_samples import MODEL_ANSWERS, answer_tasks
from jobs.evaluation.evaluated_models import evaluated_models
from jobs.evaluation.questions.build_samples import SAMPLES
from schemas.evaluation import Contest, Mode, ModelAnswer, Role, Sample
from schemas.settings import RunSettings

_log = logging.getLogger(__name__)


def answered_modes(
    folder: RunFolder, settings: RunSettings, roles: Collection[Role]
) -> Sequence[Mode]:
    """The modes in which models of these settings have answered the questions of the last call.

    `roles` are those that count; none named: all.

    Raises:
        ConfigError: they have answered in no mode.
        DamagedLogError: a line of the evaluation is damaged.
    """
    models = models_of(folder, settings, roles)
    modes: tuple[Mode, ...] = get_args(Mode)
    found = [mode for mode in modes if _answers(folder, Contest(models, mode, None), settings)]
    if not found:
        raise _nothing_to_judge(folder)
    return found


def models_of(folder: RunFolder, settings: RunSettings, roles: Collection[Role]) -> dict[Role, str]:
    """The models of some roles, as far as they have one; none named: of all.

    Raises:
        DamagedLogError: a line of finetuning.jsonl is damaged.
    """
    models = evaluated_models(folder, settings)
    return {role: model for role, model in models.items() if not roles or role in roles}


def among_answers(folder: RunFolder, contest: Contest, settings: RunSettings) -> Contest:
    """The contest among those who have answered. How many answers are not there is logged.

    Raises:
        ConfigError: no model has.
        DamagedLogError: a line of the evaluation is damaged.
    """
    given = _answers(folder, contest, settings)
    roles = {answer.role for answer in given}
    if not given:
        raise _nothing_to_judge(folder, f"{contest.mode}-book ")
    models = {role: model for role, model in contest.models.items() if role in roles}
    tasks = answer_tasks(read_samples(folder), models, contest.mode, settings)
    if missing := len(list(tasks)) - len(given):
        _log.warning("%d answers are not there: they are not asked for, nor judged", missing)
    return contest._replace(models=models)


def read_samples(folder: RunFolder) -> list[Sample]:
    """The questions of the last call of the evaluation; none where there was no call.

    Raises:
        DamagedLogError: a line is damaged.
    """
    return list(read_records(folder.results_path(SAMPLES.name), Sample))


def _answers(folder: RunFolder, contest: Contest, settings: RunSettings) -> list[ModelAnswer]:
    tasks = answer_tasks(read_samples(folder), contest.models, contest.mode, settings)
    wanted = frozenset(task.answer_id for task in tasks)
    path = folder.results_path(MODEL_ANSWERS.name)
    return list(read_records(path, ModelAnswer, is_wanted=wanted.__contains__))


def _nothing_to_judge(folder: RunFolder, which: str = "") -> ConfigError:
    return ConfigError(
        f"{folder.run_dir}: there are no {which}answers to judge under these settings; `distill "
        f"evaluate {folder.run_dir}` has models answer first"
    )
