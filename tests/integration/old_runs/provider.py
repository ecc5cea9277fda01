"""What a provider knew when a run was left: recorded, and made again under the same ids."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.openai_server import RunningServer

if TYPE_CHECKING:
    import openai

NEVER = {"in_progress_s": 3_600.0}
NEVER_TUNED = {"running_s": 3_600.0}
ENDED = ("completed", "succeeded")
MOST_S = 20.0
POLL_S = 0.02
UPLOADED = ("batch", "fine-tune")


def record(server: RunningServer, folder: Path) -> None:
    """Keep batches, jobs, and the files that were uploaded, as the provider shows them."""
    folder.mkdir()
    files = [file for file in server.control.files() if file["purpose"] in UPLOADED]
    with _client(server) as client:
        for file in files:
            (folder / file["id"]).write_bytes(client.files.content(file["id"]).read())
    state = {"files": files, "batches": server.control.batches(), "jobs": server.control.jobs()}
    (folder / "state.json").write_text(json.dumps(state, indent=1))


def replay(server: RunningServer, folder: Path, rules: Mapping[str, Any]) -> None:
    """Have the provider know what it knew then. `rules`: what it is to go on with.

    A batch whose file was deleted is over and asked for by nobody: it is left out.
    """
    state = json.loads((folder / "state.json").read_text())
    server.control.configure(batches=NEVER, fine_tuning=NEVER_TUNED)
    with _client(server) as client:
        files = {file["id"]: _upload(client, folder, file) for file in state["files"]}
        batches = [batch for batch in state["batches"] if batch["input_file_id"] in files]
        ids = {new: old for old, new in files.items()}
        ids |= {_create_batch(client, batch, files): batch["id"] for batch in batches}
        ids |= {_create_job(client, job, files): job["id"] for job in state["jobs"]}
    server.control.rename(ids)
    server.control.configure(
        batches=rules.get("batches", {}), fine_tuning=rules.get("fine_tuning", {})
    )
    _await_ends(server.control.batches, batches)
    _await_ends(server.control.jobs, state["jobs"])
    server.control.rename(_result_ids(server.control.batches(), batches))


def await_all_ended(server: RunningServer) -> None:
    """Return once every batch and job has ended well."""
    for all_of in (server.control.batches, server.control.jobs):
        _await(lambda all_of=all_of: all(each["status"] in ENDED for each in all_of()))  # type: ignore[misc]


def _client(server: RunningServer) -> "openai.OpenAI":
    import openai  # 1.3 s: not in every process that collects these tests

    return openai.OpenAI(api_key=server.api_key, base_url=server.base_url, max_retries=0)


def _upload(client: "openai.OpenAI", folder: Path, file: Mapping[str, Any]) -> str:
    content = (folder / file["id"]).read_bytes()
    return client.files.create(file=(file["filename"], content), purpose=file["purpose"]).id


def _create_batch(
    client: "openai.OpenAI", batch: Mapping[str, Any], files: Mapping[str, str]
) -> str:
    created = client.batches.create(
        input_file_id=files[batch["input_file_id"]],
        endpoint=batch["endpoint"],
        completion_window="24h",
        metadata=batch["metadata"],
    )
    return created.id


def _create_job(client: "openai.OpenAI", job: Mapping[str, Any], files: Mapping[str, str]) -> str:
    created = client.fine_tuning.jobs.create(
        model=job["model"],
        training_file=files[job["training_file"]],
        validation_file=files.get(job["validation_file"]),
        seed=job["seed"],
        metadata=job["metadata"],
        method=job["method"],
    )
    return created.id


def _await_ends(
    all_now: Callable[[], list[dict[str, Any]]], recorded: list[dict[str, Any]]
) -> None:
    wanted = {each["id"] for each in recorded if each["status"] in ENDED}
    _await(lambda: wanted <= {each["id"] for each in all_now() if each["status"] in ENDED})


def _await(is_so: Callable[[], bool]) -> None:
    until_s = time.monotonic() + MOST_S
    while not is_so():
        assert time.monotonic() < until_s
        time.sleep(POLL_S)


def _result_ids(now: list[dict[str, Any]], recorded: list[dict[str, Any]]) -> dict[str, str]:
    then = {batch["id"]: batch for batch in recorded}
    return {
        batch[name]: then[batch["id"]][name]
        for batch in now
        for name in ("output_file_id", "error_file_id")
        if batch[name] and then[batch["id"]][name]
    }
