"""Notices a journal that lost lines: results name the requests that they were made from."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from engine.errors import DamagedLogError
from engine.files.journal import ID_FIELD, Journal
from engine.files.jsonl_lines import read_lines
from engine.run_folder import RunFolder
from jobs.run.stages import Stages

GROUP_SIZE = 10_000

_NAME = b'"%b":"' % ID_FIELD.encode()  # no text can hold it: quotes are escaped


def check_journal(folder: RunFolder, journal: Journal, stages: Stages[Any]) -> None:
    """Look up every request that a result names; about 2 us each.

    Raises:
        DamagedLogError: one is not in the journal, which was therefore cut or replaced.
    """
    for stage in stages:
        if stage.result is None or ID_FIELD not in stage.result.model_fields:
            continue
        path = folder.results_path(stage.name)
        keys = read_request_keys(path)
        missing = 0
        while group := list(islice(keys, GROUP_SIZE)):
            missing += journal.contains_each(group).count(False)
        if missing:
            raise DamagedLogError(
                f"{folder.journal_path}: lines that were there before are missing: {missing:,} "
                f"lines of {path} come from requests that are not in it. Restore the file from a "
                f"backup, or delete {path} and {folder.finished_path(stage.name)}: what is not in "
                "the journal is asked (and paid) again"
            )


def read_request_keys(path: Path) -> Iterator[bytes]:
    """The ids of the requests that a file's lines name, with their quotes."""
    for line in read_lines(path):
        start = line.find(_NAME) + len(_NAME) - 1
        end = line.find(b'"', start + 1) + 1
        if start >= len(_NAME) and end > start + 2:
            yield line[start:end]
