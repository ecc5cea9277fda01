"""How many requests a run will still send, and how long that takes at its present rate."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.dataset.ask_teacher import ANSWERS, QUESTIONS
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from schemas.dataset import Question
from schemas.summary import Remaining, RequestSummary, StageSummary

ENOUGH_ITEMS = 10  # of a stage, before anything is said of the rest of it
RATE_OVER_S = 300.0
LEAST_SPAN_S = 20.0
LEAST_SETTLED = 10
OF_QUESTIONS = frozenset(QUESTIONS.purposes) - frozenset(ANSWERS.purposes)  # embeddings are in both
OF_ANSWERS = frozenset(ANSWERS.purposes) - frozenset(QUESTIONS.purposes)

_NO_STAGE = StageSummary(finished=0, results=0, dropped={})


def find_remaining(
    folder: RunFolder,
    stages: Mapping[str, StageSummary],
    requests: Mapping[str, RequestSummary],
    *,
    per_s: float | None,
) -> Remaining | None:
    """What is left of the dataset's requests; None if too little was done to tell.

    `per_s` is the rate of a process that sends them now; None: there is none.
    """
    questions = stages.get(QUESTIONS.name, _NO_STAGE)
    if not questions.total or questions.finished < min(ENOUGH_ITEMS, questions.total):
        return None
    answers = stages.get(ANSWERS.name, _NO_STAGE)
    left_chunks = max(0, questions.total - questions.finished)
    to_answer = _answers_to_come(folder, stages, left_chunks)
    left_requests = left_chunks * _per_item(questions, OF_QUESTIONS, requests)
    left_requests += to_answer * _per_item(answers, OF_ANSWERS, requests)
    count = round(left_requests)
    seconds = round(count / per_s) if per_s else None
    return Remaining(requests=count, per_s=per_s, seconds=seconds)


def _answers_to_come(
    folder: RunFolder, stages: Mapping[str, StageSummary], left_chunks: int
) -> float:
    """Questions of the training side that wait for an answer, or will: as many a chunk as so far.

    Until repeated questions are looked for, none counts as one.
    """
    questions = stages[QUESTIONS.name]
    kept = stages.get(KEPT_QUESTIONS.name, _NO_STAGE)
    answers = stages.get(ANSWERS.name, _NO_STAGE)
    if left_chunks == 0 and kept.total and kept.finished >= kept.total:
        return max(0, (answers.total or 0) - answers.finished)
    sides = [each.side for each in read_records(folder.results_path(QUESTIONS.name), Question)]
    kept_share = kept.results / kept.finished if kept.finished else 1.0
    found = sides.count("train") * kept_share
    expected = found * (1 + left_chunks / questions.finished)
    return max(0.0, expected - answers.finished)


def _per_item(
    stage: StageSummary, purposes: Set[str], requests: Mapping[str, RequestSummary]
) -> float:
    """Requests that an item of the stage took so far; one before any was done."""
    own = [requests[purpose] for purpose in purposes if purpose in requests]
    settled = sum(each.completed + each.failed for each in own)
    return settled / stage.finished if stage.finished >= ENOUGH_ITEMS else 1.0


def rate_per_s(snapshots: Sequence[Mapping[str, Any]]) -> float | None:
    """Requests settled a second over the last minutes of one process, by its counters in order.

    None: it has not settled enough to tell.
    """
    if not snapshots:
        return None
    last = snapshots[-1]
    recent = [line for line in snapshots if _seconds_between(line, last) <= RATE_OVER_S]
    span_s = _seconds_between(recent[0], last)
    settled: int = last["settled"] - recent[0]["settled"]
    return settled / span_s if span_s >= LEAST_SPAN_S and settled >= LEAST_SETTLED else None


def _seconds_between(first: Mapping[str, Any], last: Mapping[str, Any]) -> float:
    times = [datetime.fromisoformat(line["at"]) for line in (first, last)]
    return (times[1] - times[0]).total_seconds()
