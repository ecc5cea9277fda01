"""What `distill run --on ray` does without a cluster, and refuses before anything is sent."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.run_folder import RunFolder
from tests.crash.runs import finish, start, write_documents
from tests.integration.jobs.run.command_runs import call_count
from tests.openai_server import start_openai_server

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="without the extra `ray`")


def test_batches_need_no_cluster_and_workers_are_refused_while_they_are_out(
    tmp_path: Path,
) -> None:
    write_documents(tmp_path / "documents", ("LICENSE",))
    given = ("--documents", str(tmp_path / "documents"))
    with start_openai_server({"batches": {"in_progress_s": 3600.0}}) as server:
        in_batches = ("--on", "ray", "--lane", "batch", "--no-wait")
        code, said = finish(start(server, tmp_path / "run", *given, *in_batches))
        assert code == 75, said
        assert "this process packs, submits and collects" in said
        before = call_count(server)

        out = finish(start(server, tmp_path / "run", *given, "--on", "ray"))
        alone = finish(start(server, tmp_path / "other", *given, "--workers", "2"))
        nowhere = finish(start(server, tmp_path / "other", *given, "--on", "mars"))

        assert call_count(server) == before
    assert out[0] == alone[0] == nowhere[0] == 2
    assert "batches are out, whose requests must not be asked twice" in out[1]
    assert "--workers is for --on ray" in alone[1]
    assert "--on: found 'mars', expected here or ray" in nowhere[1]
    assert not (tmp_path / "other").exists()


def test_workers_are_refused_while_a_batch_may_be_out_that_the_ledger_lacks(
    tmp_path: Path,
) -> None:
    write_documents(tmp_path / "documents", ("LICENSE",))
    given = ("--documents", str(tmp_path / "documents"))
    with start_openai_server({"batches": {"in_progress_s": 3600.0}}) as server:
        run_dir = tmp_path / "run"
        finish(start(server, run_dir, *given, "--lane", "batch", "--no-wait"))
        RunFolder(run_dir).batches_path.write_bytes(b"")
        before = call_count(server)

        code, said = finish(start(server, run_dir, *given, "--on", "ray"))

        assert call_count(server) == before
    assert code == 2, said
    assert "batches are out, whose requests must not be asked twice" in said
