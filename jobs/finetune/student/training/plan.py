"""The parameters of a training that no setting names, and whether the machine has room for it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from engine.errors import ConfigError
from jobs.finetune.student.source.chat_template import EncodedRow
from jobs.finetune.student.source.shape import StudentShape
from jobs.finetune.student.training.task import Device, Method, Precision, TuningPlan
from schemas.settings import StudentSettings

FULL_UP_TO = 300_000_000  # parameters; on a CPU all weights of a small one learn more per row
SMALL, MIDDLE = 300_000_000, 1_000_000_000
EPOCHS = 3
RANK = 16
PACKED_TOKENS = 4096  # in one sequence on a GPU; on a CPU the longest row
# Where all weights learn, each way through the network makes a gradient of them all, whatever it
# learns from: so several rows share it.
SHARED_TOKENS = 1536
MAX_THREADS = 8
BYTES_PER_GB = 1_000_000_000

_MEMORY_INFO = Path("/proc/meminfo")
_CPU_INFO = Path("/proc/cpuinfo")
_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
_CGROUP_USED = Path("/sys/fs/cgroup/memory.current")
_BF16_FLAGS = ("avx512_bf16", "amx_bf16", "bf16")  # x86, x86, arm


class RowSizes(NamedTuple):
    """How many rows there are, and the tokens of the longest one and of its answer."""

    row_count: int
    longest_tokens: int
    longest_answer_tokens: int


def sizes_of(train: Sequence[EncodedRow], validation: Sequence[EncodedRow]) -> RowSizes:
    """The sizes of the rows of a training, of which there is one at least."""
    rows = [*train, *validation]
    return RowSizes(
        len(train), max(len(row.ids) for row in rows), max(row.answer_length for row in rows)
    )


def make_plan(
    settings: StudentSettings, shape: StudentShape, rows: RowSizes, device: Device
) -> TuningPlan:
    """The plan that settings, size of the student and rows make together."""
    size = shape.parameter_count
    method: Method = "full" if device == "cpu" and size <= FULL_UP_TO else "lora"
    if settings.method != "auto":
        method = settings.method
    longest = rows.longest_tokens
    return TuningPlan(
        method=method,
        rank=(settings.rank or RANK) if method == "lora" else 0,
        rate=settings.learning_rate or _usual_rate(method, size),
        epochs=settings.epochs or EPOCHS,
        batch_rows=min(settings.batch_size or _usual_batch(rows.row_count), rows.row_count),
        sequence_tokens=max(longest, PACKED_TOKENS) if device == "cuda" else longest,
        precision=_precision(device),
        device=device,
        threads=settings.threads or min(os.cpu_count() or 1, MAX_THREADS),
        recomputes=device == "cuda" or size > MIDDLE,
        seed=settings.seed,
    )


def tokens_at_once(plan: TuningPlan) -> int:
    """How many tokens go through the network at once."""
    shared = SHARED_TOKENS if plan.method == "full" and plan.device == "cpu" else 0
    return max(plan.sequence_tokens, shared)


def needed_bytes(plan: TuningPlan, shape: StudentShape, rows: RowSizes) -> int:
    """About how much memory the training takes: weights, optimiser, one sequence's way through."""
    size = shape.parameter_count
    narrow = 2 if plan.precision == "bf16" else 4
    if plan.method == "full":
        # weights, gradient, two moments and the best weights in 32 bits, and a narrow copy
        held = size * (5 * 4 + narrow)
    else:
        inputs_and_outputs = 7 * (shape.hidden_size + shape.inner_size)
        held = size * narrow + shape.layer_count * plan.rank * inputs_and_outputs * 5 * 4
    wide = 8 * shape.hidden_size + 4 * shape.inner_size
    layers = 2 if plan.recomputes else shape.layer_count
    way = tokens_at_once(plan) * (layers * wide * 4 + shape.layer_count * shape.hidden_size * 4)
    answers = max(rows.longest_answer_tokens, tokens_at_once(plan) // 4)
    return held + way + 3 * 4 * answers * shape.vocabulary_size + BYTES_PER_GB // 2


def needed_disk_bytes(plan: TuningPlan, shape: StudentShape) -> int:
    """About how much the files take: two checkpoints at once, and the exports."""
    size = shape.parameter_count
    learnt = size if plan.method == "full" else size // 20
    return 2 * 4 * 4 * learnt + size * (4 + 2 + 2 + 1)


def require_room(*, needed: int, free: int | None, what: str, advice: str) -> None:
    """Refuse what does not fit.

    Raises:
        ConfigError: less is free than needed.
    """
    if free is not None and needed > free:
        raise ConfigError(
            f"{what}: this training needs about {needed / BYTES_PER_GB:.1f} GB, found "
            f"{free / BYTES_PER_GB:.1f} GB free: {advice}"
        )


def free_memory_bytes() -> int | None:
    """What a new process may take without swapping; None where it cannot be known."""
    free = [_available_bytes(), _left_in_group()]
    return min((each for each in free if each is not None), default=None)


def _available_bytes() -> int | None:
    if not _MEMORY_INFO.is_file():
        return None
    for line in _MEMORY_INFO.read_text("ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _left_in_group() -> int | None:
    """What the process's control group leaves (cgroup v2), as a container has it."""
    if not (_CGROUP_LIMIT.is_file() and _CGROUP_USED.is_file()):
        return None
    limit = _CGROUP_LIMIT.read_text("ascii").strip()
    return int(limit) - int(_CGROUP_USED.read_text("ascii")) if limit.isdecimal() else None


def _precision(device: Device) -> Precision:
    """16 bits where the processor computes with them; elsewhere they would be slower than 32."""
    if device == "cuda":
        return "bf16"
    flags = set(_CPU_INFO.read_text("utf-8").split()) if _CPU_INFO.is_file() else set[str]()
    return "bf16" if flags & set(_BF16_FLAGS) else "fp32"


def _usual_rate(method: Method, size: int) -> float:
    """The highest learning rate: what was best at 135M, and usual for larger ones."""
    if method == "full":
        return 1e-4 if size <= SMALL else 2e-5
    return 6e-4 if size <= SMALL else 4e-4 if size <= MIDDLE else 2e-4


def _usual_batch(row_count: int) -> int:
    return 4 if row_count < 1_000 else 8 if row_count < 10_000 else 16
