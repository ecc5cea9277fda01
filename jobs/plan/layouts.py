"""Asks the same documents in several layouts, and says what a thousand kept rows cost in each."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from engine.files.journal import read_settled
from engine.files.jsonl_lines import read_lines
from engine.run_folder import RunFolder
from jobs.dataset.rows.export_dataset import ROW_FILES
from schemas.settings import RunSettings

SAMPLE_TOKENS = 512  # of a chunk of the usual size, in which samples are counted
PER_ROWS = 1_000

_CHUNK = ("answers.layout=chunk", "questions.kinds=chosen")
_LARGE = (
    *_CHUNK,
    "chunks.target_tokens=1500",
    "questions.per_chunk=9",
    "questions.max_output_tokens=2100",
    "dataset.excerpt_tokens=512",
)

# What differs from the usual settings, by the name of the layout.
LAYOUTS: Mapping[str, tuple[str, ...]] = {
    "question": ("answers.layout=question", "questions.kinds=drawn"),
    "chunk": _CHUNK,
    "large": _LARGE,
    "concise": (*_LARGE, "teacher.prompt_profile=concise"),
}


class LayoutCost(NamedTuple):
    """What the rows of one run cost. `usd` None: a price is not known."""

    name: str
    chunks: int
    requests: int
    rows: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    usd: float | None

    def per_thousand(self, count: float) -> float:
        """A count for a thousand kept rows; 0 without rows."""
        return PER_ROWS * count / self.rows if self.rows else 0.0


def sample_size(settings: RunSettings, wanted: int) -> int:
    """How many chunks are about as much text as `wanted` of the usual size; at least one."""
    return max(1, round(wanted * SAMPLE_TOKENS / settings.chunks.target_tokens))


def measure_layout(name: str, folder: RunFolder) -> LayoutCost:
    """What a finished run has asked and kept."""
    settled = list(read_settled(folder.journal_path))
    costs = [each.cost_usd for each in settled]
    known = [cost for cost in costs if cost is not None]
    return LayoutCost(
        name=name,
        chunks=_count(folder, "questions"),
        requests=len(settled),
        rows=sum(_lines(folder, file) for file in ROW_FILES),
        prompt_tokens=sum(each.usage.prompt_tokens for each in settled),
        cached_tokens=sum(each.usage.cached_tokens for each in settled),
        completion_tokens=sum(each.usage.completion_tokens for each in settled),
        usd=sum(known) if len(known) == len(costs) else None,
    )


def describe_layouts(costs: Iterable[LayoutCost]) -> Iterator[str]:
    """A table: for a thousand kept rows, dollars, tokens, and dollars as a share of the first."""
    yield (
        f"{'layout':<10}{'chunks':>8}{'requests':>10}{'rows':>7}   per 1,000 rows:"
        f"{'in':>12}{'cached':>12}{'out':>11}{'dollars':>10}{'share':>8}"
    )
    first: float | None = None
    for each in costs:
        usd = None if each.usd is None else each.per_thousand(each.usd)
        first = usd if first is None else first
        share = f"{usd / first:.0%}" if usd is not None and first else "-"
        yield (
            f"{each.name:<10}{each.chunks:>8,}{each.requests:>10,}{each.rows:>7,}{'':<18}"
            f"{each.per_thousand(each.prompt_tokens):>12,.0f}"
            f"{each.per_thousand(each.cached_tokens):>12,.0f}"
            f"{each.per_thousand(each.completion_tokens):>11,.0f}"
            f"{'-' if usd is None else f'{usd:.4f}':>10}{share:>8}"
        )


def _count(folder: RunFolder, stage: str) -> int:
    return sum(1 for _ in read_lines(folder.finished_path(stage)))


def _lines(folder: RunFolder, name: str) -> int:
    return sum(1 for _ in read_lines(folder.dataset_dir / name))
