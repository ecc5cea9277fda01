"""What an answer of each contender takes: seconds, tokens, dollars."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.files.journal import read_settled
from schemas.comparison import AnswerCost, Contender
from schemas.evaluation import ModelAnswer


def read_latencies(journal_path: Path, answers: Iterable[ModelAnswer]) -> dict[str, float]:
    """Seconds by request id, of the answers that were asked live: a batch's time is the queue's.

    Raises:
        DamagedLogError: the journal is damaged.
    """
    wanted = {answer.request_id for answer in answers}
    return {
        settled.request_id: settled.latency_s
        for settled in read_settled(journal_path)
        if settled.lane == "live" and settled.request_id in wanted
    }


def average_costs(
    answers: Sequence[ModelAnswer], contenders: Sequence[Contender], latencies: Mapping[str, float]
) -> Iterator[AnswerCost]:
    """One entry a contender, over all its current answers."""
    for contender in contenders:
        own = [
            answer
            for answer in answers
            if (answer.role, answer.mode) == (contender.role, contender.mode)
        ]
        seconds = [latencies[each.request_id] for each in own if each.request_id in latencies]
        usd = [each.cost_usd for each in own if each.cost_usd is not None]
        p50, p95 = np.quantile(seconds, (0.5, 0.95)) if seconds else (None, None)
        yield AnswerCost(
            contender=contender,
            answer_count=len(own),
            timed_count=len(seconds),
            latency_p50_s=None if p50 is None else float(p50),
            latency_p95_s=None if p95 is None else float(p95),
            prompt_tokens=float(np.mean([each.prompt_tokens for each in own])),
            completion_tokens=float(np.mean([each.completion_tokens for each in own])),
            usd_per_1000=1000 * sum(usd) / len(usd) if len(usd) == len(own) else None,
        )
