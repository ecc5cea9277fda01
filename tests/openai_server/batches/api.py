"""The Batch API."""

import secrets
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from tests.openai_server.batches.batch import Batch
from tests.openai_server.batches.life import BatchLives
from tests.openai_server.errors import ApiError, invalid
from tests.openai_server.slow.call import Payload, Route, SlowCall, checked_metadata, route
from tests.openai_server.slow.config import BatchRules
from tests.openai_server.slow.file_store import FileStore
from tests.openai_server.slow.paging import page_of, with_ends
from tests.openai_server.slow.phases import Lives

_DEFAULT_LIMIT = 20  # API description, listBatches
_MAX_LIMIT = 100


class Batches:
    """Creates, shows, lists and cancels batches, each of which lives in a task of its own."""

    def __init__(self, lives: BatchLives, files: FileStore) -> None:
        self._lives = lives
        self._files = files
        self._batches: dict[str, Batch] = {}
        self._running = Lives()
        self._created_s: deque[float] = deque()
        self._add_others(lives.rules.others)

    def configure(self, rules: BatchRules) -> None:
        """Follow changed rules, also in what is going on."""
        self._lives.rules = rules

    async def close(self) -> None:
        """End all lives. Raises what one of them broke with."""
        await self._running.close()

    def rename(self, ids: Mapping[str, str]) -> None:
        """Know batches and their files by other ids from now on: old id to new one."""
        for batch in self._batches.values():
            batch.id = ids.get(batch.id, batch.id)
            batch.input_file_id = ids.get(batch.input_file_id, batch.input_file_id)
            batch.output_file_id = ids.get(batch.output_file_id or "", batch.output_file_id)
            batch.error_file_id = ids.get(batch.error_file_id or "", batch.error_file_id)
        self._batches = {batch.id: batch for batch in self._batches.values()}

    def all(self) -> list[dict[str, Any]]:
        """Every batch, oldest first, as the API shows it, with `number` and `enqueued_tokens`."""
        return [
            {
                **batch.public(),
                "number": batch.number,
                "enqueued_tokens": batch.enqueued_tokens,
            }
            for batch in self._batches.values()
        ]

    def routes(self) -> Sequence[Route]:
        """What it answers."""
        return (
            route("create_batch", "POST", "/v1/batches", self._create),
            route("list_batches", "GET", "/v1/batches", self._list),
            route("retrieve_batch", "GET", "/v1/batches/{id}", self._retrieve),
            route("cancel_batch", "POST", "/v1/batches/{id}/cancel", self._cancel),
        )

    async def _create(self, call: SlowCall) -> Payload:
        body = await call.body()
        self._check(body)
        metadata = checked_metadata(body)
        self._count_hour()
        rules = self._lives.rules
        batch = self._enter(len(self._running) + 1, body["input_file_id"], body["endpoint"])
        batch.metadata = metadata
        batch.expires_at = time.time() + rules.window_s
        self._running.begin(self._lives.live(batch, self._enqueued))
        self._add_others(rules.others_between)
        return batch.public()

    async def _list(self, call: SlowCall) -> Payload:
        rows = [batch.public() for batch in reversed(self._batches.values())]
        page = page_of(rows, call.query, default_limit=_DEFAULT_LIMIT, max_limit=_MAX_LIMIT)
        return with_ends(page)

    async def _retrieve(self, call: SlowCall) -> Payload:
        return self._find(call.id).public()

    async def _cancel(self, call: SlowCall) -> Payload:
        batch = self._find(call.id)
        if batch.has_ended:
            message = f"Cannot cancel a batch with status '{batch.status}'."
            raise ApiError(409, None, message)
        if not batch.is_cancel_asked:
            batch.is_cancel_asked = True
            batch.move("cancelling")
        return batch.public()

    def _find(self, batch_id: str) -> Batch:
        if (batch := self._batches.get(batch_id)) is None:
            raise ApiError(404, None, f"No batch found with id '{batch_id}'.")
        return batch

    def _check(self, body: dict[str, Any]) -> None:
        if not isinstance(body.get("input_file_id"), str):
            raise invalid("input_file_id", "expected the id of a file")
        if body.get("endpoint") not in self._lives.endpoints:
            raise invalid("endpoint", f"expected one of {', '.join(self._lives.endpoints)}")
        if body.get("completion_window") != "24h":
            raise invalid("completion_window", "expected '24h'")
        if self._lives.rules.missing_file == "refused":
            self._files.find(body["input_file_id"])

    def _count_hour(self) -> None:
        rules, now_s = self._lives.rules, time.monotonic()
        while self._created_s and now_s - self._created_s[0] >= rules.hour_s:
            self._created_s.popleft()
        if rules.batches_per_hour is not None and len(self._created_s) >= rules.batches_per_hour:
            message = (
                "Batch creation rate limit reached for organization org-test: Limit "
                f"{rules.batches_per_hour} batches per hour. Please try again later."
            )
            raise ApiError(429, "rate_limit_exceeded", message, kind="batches")
        self._created_s.append(now_s)

    def _enqueued(self, model: str) -> int:
        batches = self._batches.values()
        return sum(batch.enqueued_tokens for batch in batches if batch.model == model)

    def _add_others(self, count: int) -> None:
        for index in range(count):
            other = self._enter(None, "file-of-somebody-else", "/v1/chat/completions")
            other.metadata = {"owner": "somebody-else"}
            other.status = "completed" if index % 2 else "in_progress"

    def _enter(self, number: int | None, input_file_id: str, endpoint: str) -> Batch:
        batch_id = f"batch_{len(self._batches):06d}{secrets.token_hex(8)}"
        now_s = time.time()
        batch = Batch(batch_id, number, input_file_id, endpoint, int(now_s), now_s + 86_400.0)
        self._batches[batch_id] = batch
        return batch
