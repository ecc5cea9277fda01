"""Forgets models that turned out not to be served: the next call must not ask them again."""

import logging

from engine.files.journal import read_settled
from engine.run_folder import RunFolder
from jobs.settings.roles import role_settings
from jobs.settings.run_config import RunConfig, read_run_config, write_run_config

_log = logging.getLogger(__name__)


def forget_unserved(folder: RunFolder, before: RunConfig) -> None:
    """Give roles what they had `before` this call, where the model that it named never answered.

    Called when a host has said that a model is not there. What each role keeps is logged.

    Raises:
        DamagedLogError: the journal or the config is damaged.
        StorageError: the disk refused the config.
    """
    now = read_run_config(folder.config_path)
    assert now is not None
    answered = {each.model for each in read_settled(folder.journal_path) if each.is_completed}
    given = role_settings(now.settings)
    former = {
        role: table
        for role, table in role_settings(before.settings).items()
        if given[role].model not in (table.model, *answered)
    }
    if not former:
        return
    settings = now.settings.model_copy(update={str(role): table for role, table in former.items()})
    named = {"judge": before.run.judge} if "judge" in former else {}  # who judges rows
    run = now.run.model_copy(update=named)
    write_run_config(folder.config_path, RunConfig(run=run, settings=settings))
    for role, table in former.items():
        _log.warning(
            "%s.model: %s has never answered and is not remembered; the run's own stays %s",
            role,
            given[role].model,
            table.model or "as it was, unset",
        )
