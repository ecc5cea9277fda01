"""`distill evaluate --on ray` on a real cluster, beside the same evaluation on one machine."""

import os
from pathlib import Path

from tests.crash.runs import comparable_files
from tests.forked import run_forked
from tests.integration.ray.cluster import RunningCluster
from tests.openai_server import start_openai_server
from tests.unit.jobs.evaluation.made_run import make_run, make_settings

MODELS = [
    {"id": "gpt-4.1-mini", "caches_prompts": False},
    {"id": "gpt-4o-mini", "caches_prompts": False},
    {"id": "text-embedding-3-small", "dimensions": 16},
]
WHO = ("--models", "baseline,teacher", "--mode", "closed", "--pairwise")


def test_evaluation_is_that_of_one_machine(cluster: RunningCluster, tmp_path: Path) -> None:
    here = make_run(tmp_path / "here" / "run", make_settings())
    there = make_run(tmp_path / "there" / "run", make_settings())
    at = ("--on", "ray", "--address", cluster.address, "--workers", "2")
    with start_openai_server({"models": MODELS}) as server:
        keys = {"OPENAI_API_KEY": server.api_key, "OPENAI_BASE_URL": server.base_url}
        environment = {**os.environ, **keys, **cluster.environment}
        command = ("-m", "jobs", "evaluate")
        ended = [
            run_forked([*command, str(here.run_dir), *WHO], env=environment),
            run_forked([*command, str(there.run_dir), *WHO, *at], env=environment),
        ]

    assert [each.returncode for each in ended] == [0, 0], ended[1].stderr
    assert "workers begin" in ended[1].stderr
    assert comparable_files(there.run_dir) == comparable_files(here.run_dir)
    assert not there.shards_dir.exists()
