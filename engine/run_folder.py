"""The folder of a run: where its files are."""

from pathlib import Path

from engine.errors import ConfigError

OWNER_ONLY = 0o700


class RunFolder:
    """The paths of a run. It creates nothing but what `create` says."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.lock_path = run_dir / "lock"
        self.config_path = run_dir / "config.toml"
        self.last_call_path = run_dir / "last_call.json"
        self.log_path = run_dir / "log.jsonl"
        self.journal_path = run_dir / "journal.jsonl"
        self.retried_path = run_dir / "retried.jsonl"
        self.sends_path = run_dir / "sends.jsonl"
        self.sources_path = run_dir / "sources.jsonl"
        self.rejected_path = run_dir / "rejected.jsonl"
        self.stats_path = run_dir / "stats.jsonl"
        self.batches_path = run_dir / "batches.jsonl"
        self.batches_dir = run_dir / "batches"
        self.local_model_log_path = run_dir / "local_model.log"
        self.shards_dir = run_dir / "shards"
        self.store_path = run_dir / "store.json"
        self.finetuning_path = run_dir / "finetuning.jsonl"
        self.finetuning_metrics_path = run_dir / "finetuning_metrics.jsonl"
        self.student_log_path = run_dir / "student.log"
        self.dataset_dir = run_dir / "dataset"
        self.evaluation_dir = run_dir / "evaluation"
        self.finished_dir = run_dir / "finished"

    @property
    def is_begun(self) -> bool:
        """Whether this is the folder of a run, and not of anything else."""
        return self.config_path.exists() or self.lock_path.exists()

    def create(self) -> None:
        """Make the folder and the folders in it, if they are not there; for its owner alone.

        Raises:
            ConfigError: it cannot be made.
        """
        try:
            self.dataset_dir.mkdir(parents=True, exist_ok=True)
            self.run_dir.chmod(OWNER_ONLY)  # it holds all prompts; also one that was made before
            self.evaluation_dir.mkdir(exist_ok=True)
            (self.finished_dir / "evaluation").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"{self.run_dir}: a run's folder cannot be made there: {error}"
            ) from error

    def results_path(self, stage: str) -> Path:
        """The file of a stage's results; its name may hold a folder (`evaluation/answers`)."""
        return self.run_dir / f"{stage}.jsonl"

    def finished_path(self, stage: str) -> Path:
        """The ledger of the items that a stage has ended."""
        return self.finished_dir / f"{stage}.jsonl"

    def own_paths(self) -> tuple[Path, ...]:
        """The files of JSON lines that are no stage's results."""
        return (
            self.journal_path,
            self.retried_path,
            self.sends_path,
            self.sources_path,
            self.rejected_path,
            self.stats_path,
            self.batches_path,
            self.log_path,
        )

    def stage_paths(self) -> list[Path]:
        """The files that stages have written: results, rejections, ledgers; not the journal."""
        paths = [*self.run_dir.glob("*.jsonl"), *self.run_dir.glob("finished/*.jsonl")]
        others = (
            self.journal_path,
            self.sends_path,
            self.stats_path,
            self.batches_path,
            self.log_path,
        )
        return [path for path in paths if path not in others]
