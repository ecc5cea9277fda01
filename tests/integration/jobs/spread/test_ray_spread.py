"""What is refused before a cluster is looked for."""

from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.run_folder import RunFolder
from jobs.evaluation.evaluate import EvaluationOrder, check_evaluation
from jobs.run.lanes import LaneOrder
from jobs.send.sharded.cluster_process import ClusterPlace
from jobs.spread.ray_spread import RaySpread, SpreadOrder, check_spread
from schemas.settings import RunSettings
from tests.unit.jobs.evaluation.made_run import make_run, make_settings

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="without the extra `ray`")

PLACE = ClusterPlace()
LOCAL = make_settings("teacher.provider=local")


def check(
    folder: RunFolder,
    settings: RunSettings | None = None,
    lane: LaneOrder = LaneOrder(),  # noqa: B008 - immutable
    metrics_port: int | None = None,
) -> None:
    check_spread(folder, settings or make_settings(), lane, metrics_port)


def test_what_workers_cannot_do_is_refused_in_one_message(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)

    check(folder)
    for lane in ("flex", "auto"):
        with pytest.raises(ConfigError, match=f"--on ray asks live: leave --lane {lane} out"):
            check(folder, lane=LaneOrder(lane))
    with pytest.raises(ConfigError, match="provider local is a model within this command"):
        check(folder, LOCAL)
    with pytest.raises(ConfigError, match="leave --metrics-port out"):
        check(folder, metrics_port=9100)


def test_evaluation_of_a_student_that_the_command_serves_is_refused(tmp_path: Path) -> None:
    settings = make_settings("student.trainer=local")
    folder = make_run(tmp_path / "run", settings)
    order = EvaluationOrder(folder, settings, (), roles=("baseline",))

    check_evaluation(order)
    with pytest.raises(ConfigError, match="the student is served within this command"):
        check_evaluation(order._replace(spread=partial(RaySpread, SpreadOrder(*order[:3], PLACE))))
