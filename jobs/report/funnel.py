"""Where items went between two stages, in words."""

from collections.abc import Iterator

from schemas.summary import RunSummary


def describe_funnel(summary: RunSummary) -> list[str]:
    """One sentence for each step at which the numbers would not explain themselves."""
    return list(_sentences(summary))


def _sentences(summary: RunSummary) -> Iterator[str]:
    questions, kept = summary.stages.get("questions"), summary.stages.get("kept_questions")
    answers = summary.stages.get("answers")
    held_out = summary.rows.get("held_out.jsonl", 0)
    rows = sum(count for name, count in summary.rows.items() if name != "held_out.jsonl")
    further = summary.stages.get("further_questions")
    if questions and kept:
        asked = questions.results + (further.results if further else 0)
        if repeated := asked - kept.results:
            repeat = "repeats" if repeated == 1 else "repeat"
            yield f"{asked:,} questions \u2192 {kept.results:,}: {repeated:,} {repeat} others."
    if kept and answers and answers.finished:
        dropped = sum(answers.dropped.values())
        waiting = kept.results - held_out - answers.results - dropped
        parts = [f"{held_out:,} held out for the evaluation"] if held_out else []
        parts += [f"{dropped:,} dropped"] if dropped else []
        parts += [f"{waiting:,} not answered yet"] if waiting > 0 else []
        if parts:
            yield f"{kept.results:,} \u2192 {answers.results:,} answers: {', '.join(parts)}."
    if answers and rows and rows != answers.results:
        yield (
            f"{answers.results:,} answers \u2192 {rows:,} rows: the others were dropped by a "
            "review, or their question repeats one that is kept."
        )
