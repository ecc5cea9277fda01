"""A blind, stratified sample of answers for a person to label, as the judge scored them."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from engine.errors import ConfigError
from engine.run_folder import RunFolder
from jobs.comparison.labels import (
    LABELLED,
    Stratum,
    judged_values,
    labels_path,
    read_labels,
    stratum_of,
)
from jobs.evaluation.read_evaluation import Evaluation
from schemas.evaluation import Metric, ModelAnswer, Sample

QUESTIONS: Mapping[Metric, str] = {
    "faithfulness": "Which share of what the answer says follows from the source?",
    "correctness": "Which share of the reference does the answer get right?",
}


class LabelTask(NamedTuple):
    """An answer to be labelled; whose it is stands in no line that the page gets."""

    answer_id: str
    sample: Sample
    answer: str
    metrics: tuple[Metric, ...]


def draw_tasks(evaluation: Evaluation, count: int, seed: int) -> tuple[LabelTask, ...]:
    """A seeded draw of `count` scored answers, as many of each model and of each judge's verdict.

    Strata are contender and whether the judge was content (a value of 1) or not; they take turns.

    Raises:
        ConfigError: no answer has a score that a person could check.
    """
    samples = {sample.sample_id: sample for sample in evaluation.samples}
    values = judged_values(evaluation)
    strata: defaultdict[Stratum, list[ModelAnswer]] = defaultdict(list)
    for answer in sorted(evaluation.answers, key=lambda each: each.answer_id):
        if found := values.get(answer.answer_id):
            strata[stratum_of(answer, found)].append(answer)
    if not strata:
        raise ConfigError("there are no scored answers to label; `distill evaluate` comes first")
    rng = random.Random(seed)  # noqa: S311
    for each in strata.values():
        rng.shuffle(each)
    drawn = _in_turns([strata[key] for key in sorted(strata)], count)
    rng.shuffle(drawn)
    return tuple(
        LabelTask(
            answer.answer_id,
            samples[answer.sample_id],
            answer.text,
            tuple(metric for metric in LABELLED if metric in values[answer.answer_id]),
        )
        for answer in drawn
    )


def show_task(folder: RunFolder, task: LabelTask) -> dict[str, Any]:
    """What the page shows: question, answer, source, and what was said of it before."""
    sample = task.sample
    marks = [(span.start_char, span.end_char) for span in sample.evidence]
    texts: list[dict[str, Any]] = [{"label": "Question", "text": sample.question, "marks": []}]
    texts.append({"label": "Answer", "text": task.answer, "marks": []})
    if sample.reference:
        texts.append({"label": "Reference", "text": sample.reference, "marks": []})
    texts.append({"label": f"Source: {sample.title}", "text": sample.context, "marks": marks})
    given = read_labels(labels_path(folder))
    return {
        "texts": texts,
        "asked": [{"metric": metric, "question": QUESTIONS[metric]} for metric in task.metrics],
        "given": {
            metric: given[task.answer_id, metric].value
            for metric in task.metrics
            if (task.answer_id, metric) in given
        },
    }


def describe_labels(folder: RunFolder, tasks: Sequence[LabelTask]) -> dict[str, Any]:
    """How many of the sample are labelled, and which comes next."""
    given = read_labels(labels_path(folder))
    is_done = [all((task.answer_id, metric) in given for metric in task.metrics) for task in tasks]
    return {"total": len(tasks), "done": sum(is_done), "is_done": is_done}


def _in_turns(strata: Sequence[Sequence[ModelAnswer]], count: int) -> list[ModelAnswer]:
    """The first of each stratum, then the second of each, until there are `count`."""
    longest = max(map(len, strata))
    turns = [each[turn] for turn in range(longest) for each in strata if turn < len(each)]
    return turns[:count]
