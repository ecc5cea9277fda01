import re
import sys
from typing import get_args

import pytest

from engine.errors import ConfigError
from engine.extras import install_command
from jobs.evaluation.judging.metrics import MEASURES
from jobs.evaluation.score_answers import check_scoring
from schemas.evaluation import ALWAYS, BY_REFERENCE, METRICS, REFUSAL, Metric
from tests.unit.jobs.evaluation.made_run import make_settings


def test_missing_ragas_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ragas", None)  # as if it were not installed

    with pytest.raises(ConfigError, match=re.escape(install_command("ragas"))):
        check_scoring(make_settings("evaluation.scorer=ragas"))


def test_scoring_by_the_steps_of_this_project_needs_no_ragas(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ragas", None)

    check_scoring(make_settings())


def test_every_metric_has_its_measure() -> None:
    assert MEASURES.keys() == set(get_args(Metric))


def test_of_every_metric_it_is_said_which_answers_it_scores() -> None:
    scored = (*ALWAYS, *BY_REFERENCE, REFUSAL)

    assert sorted(scored) == sorted(get_args(Metric))
    assert (*METRICS, REFUSAL) == get_args(Metric)  # METRICS leaves out the last
