"""In each stage of a run and of an evaluation workers are lost, a machine, the lender, the head."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.crash.runs import finish
from tests.integration.ray.cluster import RunningCluster, kill
from tests.integration.ray.conftest import Clusters
from tests.integration.ray.jobs import (
    Job,
    Outcome,
    assert_is_that_of_one_machine,
    assert_limits_were_kept,
    evaluation_job,
    run_job,
)
from tests.integration.ray.losses import (
    at_work,
    call_of,
    losses_by_stage,
    stopped_at_work,
)
from tests.integration.ray.runs import distill

OpenJob = Callable[[Path], AbstractContextManager[Job]]


class Kind(NamedTuple):
    """A kind of job, and what it comes to on one machine."""

    open_job: OpenJob
    here: Outcome


@pytest.fixture(params=["run", "evaluation"])
def kind(request: pytest.FixtureRequest) -> Kind:
    open_job = {"run": run_job, "evaluation": evaluation_job}[request.param]
    return Kind(open_job, request.getfixturevalue(f"{request.param}_here"))


@pytest.fixture
def job(kind: Kind, tmp_path: Path) -> Iterator[Job]:
    with kind.open_job(tmp_path) as opened:
        yield opened


def test_loss_of_workers_machines_and_lenders_in_each_stage_changes_nothing_in_the_files(
    cluster: RunningCluster, kind: Kind, job: Job
) -> None:
    process = job.start(cluster)
    for wanted in job.stages:
        lenders = partial(cluster.pids_of, "CallLender")
        with stopped_at_work(cluster, process, job.run_dir, wanted, 2) as (first, second):
            job.prepare_what_follows(wanted.stage)
            kill(at_work(lenders, call_of(job.run_dir, wanted.stage)))
            os.kill(first, signal.SIGKILL)
            cluster.lose_machine(cluster.machine_of(second))  # `second` outlives it for a while
        cluster.add_machine()
    code, said = finish(process)

    assert code == kind.here.code, said
    assert "(raylet" not in said
    lost = losses_by_stage(said)  # `second` may do its part first, and is missed by the next stage
    told = list(accumulate(lost[each.stage] for each in job.stages))
    assert all(lost[each.stage] for each in job.stages), lost
    assert all(count <= 2 * stages for stages, count in enumerate(told, 1)), lost
    assert lost.total() == told[-1]
    lost_asking = sum(2 for each in job.stages if each.asks)
    assert_is_that_of_one_machine(job, kind.here)
    assert_limits_were_kept(job, kind.here, lost_asking=lost_asking)


def test_head_that_is_lost_in_each_stage_ends_the_command_in_one_message_and_the_same_one_goes_on(
    clusters: Clusters, kind: Kind, job: Job
) -> None:
    clusters.order(0)
    ended = []
    for wanted in job.stages:
        cluster = clusters.next()
        process = job.start(cluster)
        if wanted != job.stages[-1]:
            clusters.order(0)
        with stopped_at_work(cluster, process, job.run_dir, wanted, 1):
            job.prepare_what_follows(wanted.stage)
            cluster.lose_head()
            ended.append(finish(process))
    looked = distill("status", job.run_dir)
    code, said = finish(job.start())

    assert code == kind.here.code, said
    assert "what an earlier call's workers had written is taken in" in looked
    assert {code for code, _ in ended} == {75}, ended
    for _, lost in ended:
        assert "the Ray cluster, or its head, is gone" in lost
        assert "Traceback" not in lost
    lost_asking = sum(1 for each in job.stages if each.asks)
    assert_is_that_of_one_machine(job, kind.here)
    assert_limits_were_kept(job, kind.here, lost_asking=lost_asking)
