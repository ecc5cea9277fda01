"""Fetches result files, waits a limited time for missing or cut-off ones, and deletes them."""

import asyncio
import filecmp
import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from engine.batch.collecting.as_lines import make_lines
from engine.batch.collecting.result_files import count_lines, ends_whole, has_results
from engine.batch.folder import BatchFolder
from engine.batch.provider import Provider
from engine.batch.refusals import is_refused
from engine.clock import Clock
from engine.errors import NOT_FOUND, RESULTS_CUT_OFF, RequestError, TransientError
from engine.wire.reply_sizes import ReplySizes
from schemas.batches import Batch, RemoteState

GONE_AFTER = timedelta(hours=1)  # since the batch's end was seen; result files may lag behind it

_log = logging.getLogger(__name__)


class Loss(NamedTuple):
    """Paid answers that the provider no longer has. `usd`: at most; None: no price is known."""

    answers: int
    usd: float | None


class ResultFetcher:
    """Brings a batch's output and error file here, whole, each once; deletes them in the end."""

    def __init__(
        self, folder: BatchFolder, provider: Provider, *, clock: Clock, sizes: ReplySizes
    ) -> None:
        self._folder = folder
        self._provider = provider
        self._clock = clock
        self._max_bytes = sizes.file_bytes
        self.max_line_bytes = sizes.reply_bytes

    async def fetch(self, batch: Batch) -> Loss | None:
        """Fetch the results that are not here yet; returns what is lost, if the output is gone.

        Raises:
            TransientError: a file cannot be fetched now, or did not come whole.
            FatalError: the provider refuses.
        """
        remote, name = batch.remote, batch.name
        output_path, error_path = self._folder.output_path(name), self._folder.error_path(name)
        if remote.error_file_id and not error_path.exists():
            reason = await self._fetch(batch, remote.error_file_id, error_path)
            if reason:
                _log.warning("batch %s: its error file is gone: %s", name, reason)
        if batch.lacks_results:
            if self._all_are_errors(batch, error_path):
                return None
            self._raise_if_recent(batch, f"batch {name} has no result file yet")
            return self._lose(batch, "it names no file of them")
        if not remote.output_file_id or output_path.exists():
            return None
        least = _least_lines(remote, count_lines(error_path, self.max_line_bytes))
        reason = await self._fetch(batch, remote.output_file_id, output_path, least)
        return self._lose(batch, reason) if reason else None

    async def delete(self, batch: Batch, *, at_provider: bool) -> None:
        """Delete a collected batch's files here and, if wished, `at_provider`."""
        remote = batch.remote
        if at_provider:
            for file_id in (remote.file_id, remote.output_file_id, remote.error_file_id):
                if file_id:
                    await self._delete_remote(file_id)
        for path in (self._folder.output_path(batch.name), self._folder.error_path(batch.name)):
            path.unlink(missing_ok=True)
            self._folder.torn_path(path).unlink(missing_ok=True)
        if not is_refused(batch):  # which is kept: it shows what was refused
            self._folder.input_path(batch.name).unlink(missing_ok=True)

    async def _delete_remote(self, file_id: str) -> None:
        try:
            await self._provider.delete(file_id)
        except RequestError as error:
            _log.warning(
                "file %s stays at the provider, which does not delete it: %s", file_id, error
            )

    async def _fetch(self, batch: Batch, file_id: str, path: Path, least_lines: int = 1) -> str:
        """Fetch one file; returns why it must be taken for gone, "" if it is here.

        With fewer than `least_lines` it did not come whole.
        """
        fresh_path = self._folder.fresh_path(path)
        must_hold_lines = _must_hold_lines(batch.remote, file_id)
        try:
            await self._provider.download(file_id, fresh_path)
        except RequestError as error:
            if must_hold_lines:
                self._raise_if_recent(batch, f"result file {file_id} is not there yet ({error})")
            return f"file {file_id}: {error}"
        await asyncio.to_thread(
            make_lines,
            fresh_path,
            max_bytes=self._max_bytes,
            max_parsed_bytes=self.max_line_bytes,
        )
        if not must_hold_lines:
            fresh_path.replace(path)
        elif not has_results(fresh_path, self.max_line_bytes):
            fresh_path.unlink()
            reason = f"result file {file_id} did not come whole: it holds no line of a batch"
            self._raise_if_recent(batch, reason)
            return reason
        else:
            self._keep_whole(fresh_path, path, file_id, least_lines)
        return ""

    def _keep_whole(self, fresh_path: Path, path: Path, file_id: str, least_lines: int) -> None:
        """Keep a file that is whole, or as whole as the provider has it: it came twice alike."""
        torn_path = self._folder.torn_path(path)
        limit = self.max_line_bytes
        is_whole = ends_whole(fresh_path, limit) and count_lines(fresh_path, limit) >= least_lines
        if not is_whole and not _are_alike(fresh_path, torn_path):
            fresh_path.replace(torn_path)
            raise TransientError(f"result file {file_id} did not come whole", code=RESULTS_CUT_OFF)
        fresh_path.replace(path)
        torn_path.unlink(missing_ok=True)

    def _all_are_errors(self, batch: Batch, error_path: Path) -> bool:
        """Whether the error file has all requests, though the host counts them as done."""
        error_count = count_lines(error_path, self.max_line_bytes)
        return 0 < batch.intent.request_count <= error_count

    def _raise_if_recent(self, batch: Batch, message: str) -> None:
        age = self._clock.utc_now() - datetime.fromisoformat(batch.changed_at)
        if age < GONE_AFTER:
            raise TransientError(message, code=NOT_FOUND)

    def _lose(self, batch: Batch, reason: str) -> Loss:
        remote, intent = batch.remote, batch.intent
        done_count = intent.request_count if remote.done_count is None else remote.done_count
        answers = min(done_count, intent.request_count)
        share = answers / max(intent.request_count, 1)
        usd = None if intent.worst_case_usd is None else intent.worst_case_usd * share
        _log.warning(
            "batch %s: the provider no longer has its results (%s): %s answers are lost, which "
            "cost at most %s, counted as spent; they will be asked again as far as the budget "
            "allows",
            batch.name,
            reason,
            f"{answers:,}",
            "an unknown sum" if usd is None else f"${usd:.4f}",
        )
        return Loss(answers, usd)


def _must_hold_lines(remote: RemoteState, file_id: str) -> bool:
    """Whether a result file must hold something; some servers name one that holds nothing."""
    is_output = file_id == remote.output_file_id
    return (remote.done_count if is_output else remote.error_count) != 0


def _least_lines(remote: RemoteState, error_lines: int) -> int:
    """How many lines an output file must have, as far as the counts of its batch tell.

    Some hosts count what stands in the error file as done too.
    """
    if remote.done_count is None:
        return 0
    return remote.done_count + min(remote.error_count or 0, error_lines) - error_lines


def _are_alike(path: Path, other: Path) -> bool:
    return other.exists() and filecmp.cmp(path, other, shallow=False)
