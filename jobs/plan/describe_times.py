"""Puts the times of a plan into words: a range for each lane, and what it comes from."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from jobs.amounts import rough_time
from schemas.outcomes import LANES
from schemas.plan import LaneTime, StagePlan

LABEL_CHARS = 16
CELL_CHARS = 16
LINE_CHARS = 80

NO_LANE = "-"
LABELS = {
    "question_vectors": "embedded",
    "verdicts": "judged rows",
    "further_questions": "asked once more",
    "evaluation/new_questions": "new questions",
    "evaluation/samples": "texts judged",
    "evaluation/answers": "models' answers",
    "evaluation/scores": "scores",
    "evaluation/pairs": "pairs of answers",
}


def stage_label(stage: StagePlan) -> str:
    """What people see of a stage."""
    return LABELS.get(stage.stage, stage.stage)


def describe_times(
    times: Mapping[str, Sequence[LaneTime]], stages: Sequence[StagePlan]
) -> Iterator[str]:
    """A row of ranges for each label that has times; then what those of the first come from.

    Nothing where no label has any. `stages` are named with their live times, as far as known.
    """
    shown = {label: each for label, each in times.items() if each}
    if not shown:
        return
    yield ""
    yield row("time", LANES)
    for label, each in shown.items():
        by_lane = {time.way: time for time in each}
        yield row(label, [_span(by_lane.get(lane)) for lane in LANES])
    for time in next(iter(shown.values())):
        yield from wrapped(f"{time.way}: {time.source}")
        if time.way == "live":
            yield from _by_stage(stages)


def _by_stage(stages: Sequence[StagePlan]) -> Iterator[str]:
    times = [
        f"{stage_label(stage)} {rough_time(stage.live_s)}"
        for stage in stages
        if stage.requests.high >= 1 and stage.live_s is not None
    ]
    if times:
        yield from wrapped(f"live, by stage: {', '.join(times)}")


def _span(time: LaneTime | None) -> str:
    if time is None:
        return NO_LANE
    if time.high_s is None:
        return "unknown"
    high = rough_time(time.high_s)
    if time.low_s is None:
        return f"<= {high}"
    low = rough_time(time.low_s)
    return high if low == high else f"{low}-{high}"


def line(label: str, text: str) -> str:
    """A label and a text."""
    return f"{label:<{LABEL_CHARS}} {text}"


def row(label: str, cells: Sequence[str]) -> str:
    """A label and cells, which stand on the right."""
    return f"{label:<{LABEL_CHARS}}" + "".join(f"{cell:>{CELL_CHARS}}" for cell in cells)


def wrapped(text: str) -> list[str]:
    """A text without a label, on as many lines as it takes."""
    return wrap(text, LINE_CHARS, initial_indent=line("", ""), subsequent_indent=line("", "  "))
