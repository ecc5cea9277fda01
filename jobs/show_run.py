"""Puts a run's numbers into words for the terminal."""

from collections.abc import Iterator

from schemas.summary import RunSummary, StageSummary

MIN_LABEL_CHARS = 16


def describe_run(summary: RunSummary) -> str:
    """The summary as lines of text."""
    return "\n".join(_lines(summary))


def _lines(summary: RunSummary) -> Iterator[str]:
    yield _line("run", summary.run_dir + (f" (written by {summary.writer})" * bool(summary.writer)))
    yield _line("documents", f"{summary.documents:,}{_dropped(summary.stages.get('documents'))}")
    for stage, label in (("chunks", "chunks"), ("questions", "questions")):
        if stage in summary.stages:
            yield _line(label, _funnel(summary.stages[stage]))
    if "kept_questions" in summary.stages:
        yield _line("", _funnel(summary.stages["kept_questions"]))
    if "answers" in summary.stages:
        yield _line("answers", _funnel(summary.stages["answers"]))
    yield _line("rows", ", ".join(f"{rows:,} {name}" for name, rows in summary.rows.items()))
    for purpose, requests in sorted(summary.requests.items()):
        failed = f", {requests.failed:,} failed" if requests.failed else ""
        yield _line(
            f"  {purpose}",
            f"{requests.completed:,} requests{failed}, {requests.prompt_tokens:,} tokens in "
            f"({requests.cached_tokens:,} cached), {requests.completion_tokens:,} out, "
            f"{_dollars(requests.cost_usd)}",
        )
    yield _line("cost", _dollars(summary.cost_usd))


def _line(label: str, text: str) -> str:
    return f"{label:<{MIN_LABEL_CHARS}} {text}"


def _funnel(stage: StageSummary) -> str:
    return f"{stage.results:,} kept{_dropped(stage)}"


def _dropped(stage: StageSummary | None) -> str:
    if stage is None or not stage.dropped:
        return ""
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in stage.dropped.items())
    return f"; {sum(stage.dropped.values()):,} dropped: {reasons}"


def _dollars(cost_usd: float | None) -> str:
    return "cost unknown (no price for the model)" if cost_usd is None else f"${cost_usd:,.4f}"
