"""A worker of Ray's in a fork. It is no child of its raylet: a folder tells who is whose."""

import os
import runpy
from pathlib import Path


def workers_dir(folder: Path, raylet: int) -> Path:
    """Has a file for each worker that a raylet has had started, named by the worker's number."""
    return folder / "workers" / str(raylet)


def main() -> None:
    os.setpgid(0, 0)  # a raylet kills the whole group of a worker that is gone
    workers = workers_dir(Path(os.environ["RAY_TMPDIR"]), int(os.environ["RAY_RAYLET_PID"]))
    workers.mkdir(parents=True, exist_ok=True)
    (workers / str(os.getpid())).touch()
    runpy.run_module("ray._private.workers.default_worker", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
