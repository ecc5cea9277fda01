"""A run and an evaluation that workers do in every stage, and what they must have come to."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from engine.files.journal import read_settled
from engine.files.sent_sums import ROUNDING_USD, read_sends
from engine.run_folder import RunFolder
from jobs.dataset.repeats.find_repeats import LEAST_BYTES_ELSEWHERE as LEAST_QUESTION_BYTES
from jobs.documents.read_documents import LEAST_BYTES_ELSEWHERE as LEAST_DOCUMENT_BYTES
from tests.crash.runs import comparable_files, finish, write_documents
from tests.forked import PIPE, STDOUT, ForkedProcess, run_forked
from tests.integration.ray.cluster import RunningCluster
from tests.integration.ray.losses import AtWork
from tests.integration.ray.runs import EMBEDDING, IN_FLIGHT, bought_again
from tests.openai_server import RunningServer, start_openai_server
from tests.openai_server.bill import bill_usd
from tests.unit.jobs.evaluation.made_run import make_run, make_settings

TEACHER, JUDGE, BASELINE = "gpt-6.1-terra", "gpt-4.1-mini", "gpt-6-luna"
MODELS = [
    {"id": TEACHER, "caches_prompts": False},
    {"id": JUDGE, "caches_prompts": False},
    {"id": BASELINE, "caches_prompts": False},
    {"id": EMBEDDING, "dimensions": 16},
]
PER_MINUTE, ALLOWED_PER_MINUTE = 480, 520  # requests; without a limit it would be 800
SERVER = {
    "models": MODELS,
    "latency": {"median_s": 0.3, "sigma": 0.1},
    "limits": {"*": {"requests_per_minute": ALLOWED_PER_MINUTE}},
}
LIMITS = ("--rpm", str(PER_MINUTE), "--max-in-flight", str(IN_FLIGHT), "--budget-usd", "5")
RUN_STAGES = (
    AtWork("documents", asks=False),
    AtWork("chunks", asks=False),
    AtWork("questions", asks=True),
    AtWork("question_vectors", asks=True),
    AtWork("found_repeats", asks=False),
    AtWork("answers", asks=True),
    AtWork("verdicts", asks=True),
)
EVALUATION_STAGES = (
    AtWork("evaluation/answers", asks=True),
    AtWork("evaluation/scores", asks=True),
    AtWork("evaluation/pairs", asks=True),
)
BEFORE_REPEATS = "question_vectors"
MADE_LONG, END = b" " * LEAST_QUESTION_BYTES, b"}\n"


class Job(NamedTuple):
    """A command that is begun as often as it is lost."""

    command: Sequence[str]
    run_dir: Path
    stages: Sequence[AtWork]
    server: RunningServer

    def start(self, cluster: RunningCluster | None = None) -> ForkedProcess:
        """Begin it, with a worker on each machine of a cluster that has a core, or without one."""
        at: tuple[str, ...] = ()
        if cluster is not None:
            workers = max(1, len(cluster.raylets) - 1)
            at = ("--on", "ray", "--address", cluster.address, "--workers", str(workers))
        return ForkedProcess(
            ["-m", "jobs", *self.command, *LIMITS, *at],
            env={
                **os.environ,
                "OPENAI_API_KEY": self.server.api_key,
                "OPENAI_BASE_URL": self.server.base_url,
                **(cluster.environment if cluster else {}),
            },
            stdout=PIPE,
            stderr=STDOUT,
        )

    def prepare_what_follows(self, stage: str) -> None:
        """Make the questions as large as they must be for workers to compare them."""
        if stage == BEFORE_REPEATS:
            path = self.run_dir / "questions.jsonl"
            with path.open("r+b") as file:
                file.seek(-len(END), os.SEEK_END)
                file.write(MADE_LONG + END)


class Outcome(NamedTuple):
    """What a job on one machine has come to; `files` but for the order of lines."""

    code: int
    in_order: list[bytes]  # the lines of the file whose order is the same everywhere
    files: dict[str, list[bytes]]
    bought_again: int  # some items ask the same
    not_ok: list[str]  # of what `distill audit` says: a run that was made by hand lacks files


def finish_here(job: Job) -> Outcome:
    code, said = finish(job.start())
    assert all((job.run_dir / f"{each.stage}.jsonl").exists() for each in job.stages[-1:]), said
    files, again = comparable_files(job.run_dir), bought_again(job.server)
    return Outcome(code, lines_in_order(job), files, again, audited(job))


def lines_in_order(job: Job) -> list[bytes]:
    return (job.run_dir / "kept_questions.jsonl").read_bytes().splitlines()


def audited(job: Job) -> list[str]:
    """The lines of an audit that are not ok."""
    said = run_forked(["-m", "jobs", "audit", str(job.run_dir)]).stdout
    assert "spending" in said
    return [line for line in said.splitlines() if line.startswith("not ok")]


def assert_is_that_of_one_machine(job: Job, here: Outcome) -> None:
    """All its files are, and nothing of what was on the way is left."""
    files = comparable_files(job.run_dir)
    files |= {
        name: [line.replace(MADE_LONG, b"") for line in lines]
        for name, lines in files.items()
        if name == "questions.jsonl"
    }
    assert files == here.files
    assert lines_in_order(job) == here.in_order
    assert not RunFolder(job.run_dir).shards_dir.exists()
    assert not (job.run_dir / "repeats").exists()
    assert audited(job) == here.not_ok


def assert_limits_were_kept(job: Job, here: Outcome, *, lost_asking: int) -> None:
    """Little was bought again, all that is billed stands in the books, no call came too soon."""
    own = RunFolder(job.run_dir)
    settled_usd = sum(each.cost_usd or 0.0 for each in read_settled(own.journal_path))
    lost_usd = sum(read_sends(own.sends_path).lost_usd.values())
    assert job.server.control.settled_totals()["refused"] == 0
    assert bought_again(job.server) - here.bought_again <= lost_asking * IN_FLIGHT
    assert bill_usd(job.server) <= settled_usd + lost_usd + ROUNDING_USD


def write_large_documents(folder: Path) -> None:
    """The usual ones with a page whose title is so long that workers read and cut them."""
    write_documents(folder)
    title = "x" * (LEAST_DOCUMENT_BYTES + 1)
    (folder / "wide.html").write_text(f"<title>{title}</title><p>See the other pages.</p>")


@contextmanager
def run_job(folder: Path) -> Iterator[Job]:
    """A run with all stages that workers do."""
    write_large_documents(folder / "documents")
    command = (
        *("run", str(folder / "run"), "--documents", str(folder / "documents")),
        *("--judge", JUDGE, "--set", f"questions.embedding_model={EMBEDDING}"),
        *("--set", "questions.max_near_duplicate=0.3"),  # a third of them repeats another
    )
    with start_openai_server(SERVER) as server:
        yield Job(command, folder / "run", RUN_STAGES, server)


@contextmanager
def evaluation_job(folder: Path) -> Iterator[Job]:
    """An evaluation of a small run."""
    models = (f"teacher.model={TEACHER}", f"judge.model={JUDGE}", f"baseline.model={BASELINE}")
    settings = make_settings(*models)
    run = make_run(folder / "run", settings)
    who = ("--models", "baseline,teacher", "--mode", "closed", "--pairwise")
    with start_openai_server(SERVER) as server:
        yield Job(("evaluate", str(run.run_dir), *who), run.run_dir, EVALUATION_STAGES, server)
