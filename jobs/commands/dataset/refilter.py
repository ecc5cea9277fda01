"""`distill refilter`: what other settings would make of a dataset, without a call."""

from jobs.commands.options import Assignments, BegunRun, Config


def refilter(
    run_dir: BegunRun,
    config: Config = None,
    assignments: Assignments = None,
) -> None:
    """Say how the rows would change under other settings. Asks nothing, changes nothing."""
    from jobs.dataset.stages import DATASET
    from jobs.process import run_to_end
    from jobs.run.changing.refilter import refilter_run
    from jobs.settings.command import run_settings
    from jobs.settings.run_config import require_run

    folder = require_run(run_dir)
    settings = run_settings(folder, config, {}, assignments or [])
    found = run_to_end(refilter_run(folder, settings, DATASET))
    print("\n".join(found.describe()))
    print(f"`distill run {run_dir}` with the same settings makes it so")
