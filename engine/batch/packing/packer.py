"""Packs requests into batch files: streamed to disk, below every limit, one group a file."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Literal, NamedTuple

import orjson

from engine.batch.forms import PackedForms, in_form_of
from engine.batch.packing.costs import PackingCosts
from engine.batch.packing.outbox import Spooled
from engine.files.jsonl_lines import id_key
from engine.wire.payloads import with_output_limit
from schemas.batches import BatchIntent
from schemas.requests import EMBEDDINGS
from schemas.settings import JsonForm

MAX_INPUTS_PER_BATCH = 50_000  # embedding inputs over all requests of a file (OpenAI Batch guide)
MAX_OPEN_FILES = 64
MB = 1_000_000
BUFFER_BYTES = 1 << 20

Packing = Literal["packed", "waits", "too_large"]


class PackedFile(NamedTuple):
    """A finished batch file."""

    name: str
    intent: BatchIntent


class PackPolicy(NamedTuple):
    """The largest file that is made."""

    max_requests: int
    max_bytes: int


@dataclass
class Room:
    """What may still be submitted now. Tokens are prompt tokens by model; None: no limit known.

    `most_tokens` is what one request may have at the very most. A model for which something
    did not fit is full: later requests do not overtake.
    """

    tokens_left: Callable[[str], int | None]
    most_tokens: Callable[[str], int | None]
    files_left: int
    usd_left: float | None = None

    def __post_init__(self) -> None:
        self._left: dict[str, int | None] = {}
        self._most: dict[str, int | None] = {}
        self._full: set[str] = set()
        self.is_money_short = False

    def fits_never(self, model: str, tokens: int) -> bool:
        """Whether one request alone exceeds what the account may have enqueued."""
        if model not in self._most:
            self._most[model] = self.most_tokens(model)
        limit = self._most[model]
        return limit is not None and tokens > limit

    def take(self, model: str, tokens: int, usd: float) -> bool:
        """Use a part of the room, if it is there."""
        if model in self._full or self.is_money_short:
            return False
        if model not in self._left:
            self._left[model] = self.tokens_left(model)
        left = self._left[model]
        if left is not None and tokens > left:
            self._full.add(model)
            return False
        if self.usd_left is not None:
            if usd > self.usd_left:
                self.is_money_short = True
                return False
            self.usd_left -= usd
        self._left[model] = None if left is None else left - tokens
        return True


class Packer:
    """Takes requests one by one and writes them into as few files as the limits allow."""

    def __init__(
        self,
        path_of: Callable[[str], Path],
        *,
        first_number: int,
        policy: PackPolicy,
        room: Room,
        costs: PackingCosts,
        forms: PackedForms,
    ) -> None:
        self._forms = forms
        self._path_of = path_of
        self._next_number = first_number
        self._policy = policy
        self._room = room
        self._costs = costs
        self._open: dict[tuple[str, str, str], _File] = {}
        self._finished: list[PackedFile] = []

    @property
    def is_money_short(self) -> bool:
        """Whether something did not fit into the budget."""
        return self._room.is_money_short

    def add(self, request: Spooled) -> Packing:
        """Put a request into its file, or say why that cannot be now, or ever."""
        form = self._forms.form_of(request)
        if form is not None and not self._forms.has_room(request):
            return "waits"
        request = in_form_of(request, form)
        limit = self._costs.output_limit(request)
        if limit is not None:
            request = _limited(request, limit)
        line = batch_line(request)
        if len(line) > self._policy.max_bytes:
            return "too_large"
        if self._room.fits_never(request.model, request.prompt_tokens):
            return "too_large"
        inputs = _count_inputs(request)
        file = self._file_with_room(request, len(line), inputs)
        if file is None and (self._room.files_left <= 0 or len(self._open) >= MAX_OPEN_FILES):
            return "waits"
        usd = self._costs.worst_usd(request)
        if not self._room.take(request.model, request.prompt_tokens, usd or 0):
            return "waits"
        file = file or self._open_file(request, form)
        file.add(line, request.prompt_tokens, usd, inputs)
        file.has_lowered_limits |= limit is not None
        self._forms.count(request)
        return "packed"

    def finish(self) -> list[PackedFile]:
        """End all files; returns them in the order of their names."""
        for file in self._open.values():
            self._finished.append(file.finish())
        self._open.clear()
        return sorted(self._finished, key=attrgetter("name"))

    def _file_with_room(self, request: Spooled, size_bytes: int, inputs: int) -> "_File | None":
        file = self._open.get(request.group)
        if file is not None and not file.has_room(self._policy, size_bytes, inputs):
            self._finished.append(self._open.pop(request.group).finish())
            return None
        return file

    def _open_file(self, request: Spooled, form: JsonForm | None) -> "_File":
        self._room.files_left -= 1
        name = f"{self._next_number:06d}"
        self._next_number += 1
        file = self._open[request.group] = _File(name, self._path_of(name), request.group, form)
        return file


class _File:
    def __init__(
        self, name: str, path: Path, group: tuple[str, str, str], form: JsonForm | None
    ) -> None:
        self._name = name
        self._form = form
        self._group = group
        self._file = path.open("wb", buffering=BUFFER_BYTES)
        self._hash = hashlib.sha256()
        self._count = self._bytes = self._tokens = self._inputs = 0
        self._usd: float | None = 0.0
        self.has_lowered_limits = False

    def has_room(self, policy: PackPolicy, size_bytes: int, inputs: int) -> bool:
        return (
            self._count < policy.max_requests
            and self._bytes + size_bytes <= policy.max_bytes
            and self._inputs + inputs <= MAX_INPUTS_PER_BATCH
        )

    def add(self, line: bytes, tokens: int, usd: float | None, inputs: int) -> None:
        self._file.write(line)
        self._hash.update(line)
        self._count += 1
        self._bytes += len(line)
        self._tokens += tokens
        self._inputs += inputs
        self._usd = None if usd is None or self._usd is None else self._usd + usd

    def finish(self) -> PackedFile:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        url, model, purpose = self._group
        intent = BatchIntent(
            url=url,
            model=model,
            purpose=purpose,
            request_count=self._count,
            prompt_tokens=self._tokens,
            worst_case_usd=self._usd,
            size_bytes=self._bytes,
            sha256=self._hash.hexdigest(),
            form=self._form,
            has_lowered_limits=self.has_lowered_limits or None,
        )
        return PackedFile(self._name, intent)


def batch_line(request: Spooled) -> bytes:
    """The line of a request in a batch file (OpenAI Batch guide), with its newline."""
    return b'{"custom_id":%b,"method":"POST","url":"%b","body":%b}\n' % (
        id_key(request.request_id),
        request.url.encode(),
        request.payload,
    )


def _limited(request: Spooled, output_tokens: int) -> Spooled:
    payload = with_output_limit(request.payload, output_tokens)
    return request._replace(payload=payload, output_tokens=output_tokens)


def _count_inputs(request: Spooled) -> int:
    if request.url != EMBEDDINGS:
        return 0
    inputs = orjson.loads(request.payload).get("input")
    return len(inputs) if isinstance(inputs, list) else 1
