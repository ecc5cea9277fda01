"""Writes RUN/report.html."""

from datetime import UTC, datetime
from pathlib import Path

from engine.errors import ConfigError
from engine.extras import install_command
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from schemas.settings import RunSettings

REPORT_NAME = "report.html"


def write_report(folder: RunFolder, settings: RunSettings) -> Path:
    """Replace the report of a run by one of its present state, in one step; returns its path.

    Raises:
        ConfigError: the packages that draw it are not installed.
        DamagedLogError: a file of the run is damaged.
        StorageError: the disk refused it.
    """
    try:
        from jobs.report.read_report import read_report
        from jobs.report.render_page import render_page
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the report needs an extra ({error.name} is not installed): "
            f"{install_command('report')}"
        ) from error
    page = render_page(read_report(folder, settings, datetime.now(UTC)))
    path = folder.run_dir / REPORT_NAME
    replace_file(path, [page.rstrip("\n").encode()])
    return path
