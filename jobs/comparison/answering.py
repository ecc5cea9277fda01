"""What answers cost: dollars, seconds and tokens a second of each contender, side by side."""

from collections import defaultdict

import numpy as np

from engine.files.journal import Settled, read_settled
from engine.run_folder import RunFolder
from jobs.comparison.score_table import find_contenders
from jobs.evaluation.read_evaluation import Evaluation
from jobs.finetune.student.tuned_student import describe_tuned, find_tuned
from schemas.comparison import AnsweringCost, Contender

PRICED_COUNT = 1_000


def read_answering_costs(folder: RunFolder, evaluation: Evaluation) -> tuple[AnsweringCost, ...]:
    """One entry for each contender, in their order; times are of answers that were sent live.

    Raises:
        DamagedLogError: the journal is damaged.
    """
    wanted = {answer.request_id: answer for answer in evaluation.answers}
    calls: defaultdict[Contender, list[Settled]] = defaultdict(list)
    for settled in read_settled(folder.journal_path):
        answer = wanted.get(settled.request_id)
        if answer is not None:
            key = Contender(role=answer.role, mode=answer.mode, model=answer.model)
            calls[key].append(settled)
    contenders = find_contenders(evaluation.answers)
    return tuple(_cost(each, calls[each]) for each in contenders if calls[each])


def read_student_notes(folder: RunFolder, evaluation: Evaluation) -> tuple[str, ...]:
    """What came of the training of the student that has answered; empty: it was tuned elsewhere.

    Raises:
        DamagedLogError: its record cannot be read.
    """
    names = {answer.model for answer in evaluation.answers if answer.role == "tuned"}
    found = [tuned for name in sorted(names) if (tuned := find_tuned(folder, name)) is not None]
    return tuple(f"{each.model_name}: {line}" for _, each in found for line in describe_tuned(each))


def _cost(contender: Contender, calls: list[Settled]) -> AnsweringCost:
    costs = [call.cost_usd for call in calls]
    live = [call for call in calls if call.lane == "live" and call.latency_s > 0]
    seconds = [call.latency_s for call in live]
    half, most = np.percentile(seconds, [50, 95]) if seconds else (None, None)
    tokens = sum(call.usage.completion_tokens for call in live)
    known = [cost for cost in costs if cost is not None]
    return AnsweringCost(
        contender=contender,
        answer_count=len(calls),
        usd_per_1000=sum(known) / len(known) * PRICED_COUNT if len(known) == len(costs) else None,
        latency_p50_s=None if half is None else float(half),
        latency_p95_s=None if most is None else float(most),
        tokens_per_s=tokens / sum(seconds) if seconds else None,
        prompt_tokens=float(np.mean([call.usage.prompt_tokens for call in calls])),
        completion_tokens=float(np.mean([call.usage.completion_tokens for call in calls])),
    )
