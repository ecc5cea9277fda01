"""What answers cost, beside the scores: dollars, seconds, and what came of a student's training."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.files.journal import encode_outcome
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing.calls import chat_request, completed
from jobs.comparison.answering import read_answering_costs
from jobs.comparison.shown.table import describe_cost
from jobs.evaluation.read_evaluation import Evaluation
from schemas.comparison import AnsweringCost, Contender
from schemas.evaluation import ModelAnswer, Role
from schemas.outcomes import Usage


def make_answer(number: int, role: Role, model: str) -> ModelAnswer:
    return ModelAnswer(
        answer_id=f"{role} {number}",
        sample_id=str(number),
        role=role,
        model=model,
        mode="open",
        text="So it is.",
        is_refusal=False,
        prompt_tokens=10,
        completion_tokens=20,
        cost_usd=0.0,
        request_id=f"{role} {number}",
    )


def write_journal(folder: RunFolder, costs: dict[str, float | None]) -> None:
    lines = []
    for number, (request_id, cost_usd) in enumerate(costs.items(), start=1):
        outcome = replace(
            completed(chat_request(request_id)),
            request_id=request_id,
            cost_usd=cost_usd,
            latency_s=float(number),
            usage=Usage(prompt_tokens=10, completion_tokens=20),
        )
        lines.append(encode_outcome(outcome))
    replace_file(folder.journal_path, lines)


def test_dollars_and_seconds_stand_side_by_side(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    write_journal(folder, {"tuned 1": 0.0, "tuned 2": 0.0, "teacher 1": 0.002, "teacher 2": 0.004})
    answers = [make_answer(n, "tuned", "student") for n in (1, 2)]
    answers += [make_answer(n, "teacher", "gpt") for n in (1, 2)]

    tuned, teacher = read_answering_costs(folder, Evaluation([], answers, []))

    assert (tuned.contender.role, tuned.usd_per_1000) == ("tuned", 0.0)
    assert tuned.latency_p50_s == 1.5
    assert tuned.tokens_per_s == pytest.approx(40 / 3)
    assert (tuned.prompt_tokens, tuned.completion_tokens) == (10, 20)
    assert teacher.usd_per_1000 == pytest.approx(3.0)
    assert describe_cost(teacher).startswith("1,000 answers for $3.00, 3.5 s an answer (p95 ")


def test_an_unknown_price_is_said() -> None:
    cost = AnsweringCost(
        contender=Contender(role="teacher", mode="open", model="gpt"),
        answer_count=1,
        usd_per_1000=None,
        latency_p50_s=None,
        latency_p95_s=None,
        tokens_per_s=None,
        prompt_tokens=300.0,
        completion_tokens=20.0,
    )

    assert describe_cost(cost) == "1,000 answers for an unknown price, 300 + 20 tokens an answer"
