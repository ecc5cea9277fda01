"""The blind, stratified sample of answers that a person labels."""

from collections import Counter
from pathlib import Path

import orjson
import pytest

from engine.errors import ConfigError
from engine.run_folder import RunFolder
from jobs.evaluation.read_evaluation import Evaluation
from jobs.view.label_answers import draw_tasks, show_task
from tests.unit.jobs.comparison.evaluations import evaluation_of


def made() -> Evaluation:
    return evaluation_of({"tuned": [1.0] * 40 + [0.5] * 5, "teacher": [1.0] * 40 + [0.2] * 5})


def test_each_model_and_each_verdict_of_the_judge_is_drawn_alike() -> None:
    evaluation = made()

    tasks = draw_tasks(evaluation, 16, seed=0)

    values = {s.answer_id: s.value for s in evaluation.scores if s.metric == "faithfulness"}
    drawn = Counter((t.answer_id.split("-")[0], values[t.answer_id] == 1.0) for t in tasks)
    assert set(drawn.values()) == {4}
    assert len(drawn) == 4
    assert tasks == draw_tasks(evaluation, 16, seed=0) != draw_tasks(evaluation, 16, seed=1)


def test_page_is_not_told_whose_answer_it_is(tmp_path: Path) -> None:
    evaluation = made()
    answers = [a.model_copy(update={"text": "It has three areas."}) for a in evaluation.answers]

    for task in draw_tasks(evaluation._replace(answers=answers), 10, seed=0):
        shown = orjson.dumps(show_task(RunFolder(tmp_path), task)).decode()

        assert "tuned" not in shown
        assert "teacher" not in shown
        assert "three areas" in shown


def test_run_without_scores_is_refused() -> None:
    with pytest.raises(ConfigError, match="`distill evaluate` comes first"):
        draw_tasks(made()._replace(scores=[]), 10, seed=0)
