"""The contents of a report, read from the files of a run."""

from __future__ import annotations  # array[int] is not subscriptable before Python 3.12

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.metadata import version
from itertools import chain, islice
from typing import NamedTuple

from engine.files.journal import Settled, read_settled
from engine.files.jsonl_lines import read_lines
from engine.files.records import read_records
from engine.run_folder import RunFolder
from jobs.comparison.run import ComparedRun, compare_run
from jobs.dataset.ask_teacher import ANSWERS
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.dataset.rows.chat_rows import ReadRow, read_row
from jobs.settings.run_config import DISTRIBUTION, read_run_config
from jobs.settings.show_value import as_toml
from jobs.show.summarize import summarize_run
from schemas.dataset import Answer, Provenance, Question, Rejection
from schemas.finetuning import TrainingMetric, TuningEvent
from schemas.outcomes import LaneName
from schemas.settings import RunSettings
from schemas.summary import RunSummary

SAMPLE_ROWS = 5
SAMPLE_REJECTIONS = 2  # of each reason
MAX_REJECTIONS = 30


class Report(NamedTuple):
    """A run in full; what is not there yet is None or empty."""

    name: str
    settings: RunSettings
    summary: RunSummary
    shape: DatasetShape
    spending: list[PurposeSpending]
    training: LastTraining | None
    compared: ComparedRun | None
    made: Made
    examples: Examples


class Made(NamedTuple):
    """When and by what the report was made, and what the run depends on.

    `changed`: the settings that are not the defaults, by key. `prompts`: hashes by file.
    """

    at: str
    version: str
    changed: dict[str, str]
    prompts: dict[str, str]


class Examples(NamedTuple):
    """Some rows of the dataset, and some of what was rejected for each reason."""

    rows: list[ReadRow]
    rejected: list[Rejection]


def read_report(folder: RunFolder, settings: RunSettings, at: datetime) -> Report:
    """The run as it is now; may be read at any time, writes nothing.

    Raises:
        DamagedLogError: a file of the run is damaged.
    """
    return Report(
        name=folder.run_dir.resolve().name,
        settings=settings,
        summary=summarize_run(folder),
        shape=read_dataset_shape(folder),
        spending=read_spending(folder),
        training=read_training(folder),
        compared=compare_run(folder, settings),
        made=_describe_making(folder, settings, at),
        examples=read_examples(folder),
    )


def _describe_making(folder: RunFolder, settings: RunSettings, at: datetime) -> Made:
    config = read_run_config(folder.config_path)
    return Made(
        at=at.strftime("%Y-%m-%d %H:%M UTC"),
        version=version(DISTRIBUTION),
        changed=changed_settings(settings),
        prompts=dict(config.run.prompts) if config else {},
    )


def changed_settings(settings: RunSettings) -> dict[str, str]:
    """The settings that differ from the defaults, by dotted key; secrets are in none."""
    found: dict[str, str] = {}

    def collect(value: Mapping[str, object], usual: Mapping[str, object], prefix: str) -> None:
        for key, each in value.items():
            other = usual.get(key)
            if isinstance(each, dict) and isinstance(other, dict) and other:
                collect(each, other, f"{prefix}{key}.")
            elif each != other:
                found[f"{prefix}{key}"] = each if isinstance(each, str) else as_toml(each)

    collect(settings.model_dump(mode="json"), RunSettings().model_dump(mode="json"), "")
    return found


def read_examples(folder: RunFolder) -> Examples:
    """The first rows, which stand in a shuffled order, and the first rejections of each reason."""
    rows = [
        read_row(line)
        for line in islice(read_lines(folder.dataset_dir / "train.jsonl"), SAMPLE_ROWS)
    ]
    rejected: dict[str, list[Rejection]] = {}
    for each in read_records(folder.rejected_path, Rejection):
        known = rejected.setdefault(f"{each.stage} {each.reason}", [])
        if len(known) < SAMPLE_REJECTIONS and each.text:
            known.append(each)
    found = [each for known in rejected.values() for each in known]
    return Examples([row for row in rows if row.question], found[:MAX_REJECTIONS])


class DatasetShape(NamedTuple):
    """Rows by kind of question and by document; the words of each question and answer."""

    rows_of_kind: Counter[str]
    rows_of_document: Counter[str]
    question_words: array[int]
    answer_words: array[int]


def read_dataset_shape(folder: RunFolder) -> DatasetShape:
    """The shape of the dataset as it was last written. Memory: 16 bytes a row.

    Raises:
        DamagedLogError: a file is damaged.
    """
    shape = DatasetShape(Counter(), Counter(), array("q"), array("q"))
    for row in read_records(folder.dataset_dir / "provenance.jsonl", Provenance):
        shape.rows_of_kind[row.kind] += 1
        shape.rows_of_document[row.path] += 1
    for question in read_records(folder.results_path(KEPT_QUESTIONS.name), Question):
        shape.question_words.append(len(question.text.split()))
    for answer in read_records(folder.results_path(ANSWERS.name), Answer):
        shape.answer_words.append(len(answer.text.split()))
    return shape


class PurposeSpending(NamedTuple):
    """Requests of one purpose in one lane; `cost_usd` None: the price of one is not known."""

    purpose: str
    lane: LaneName
    request_count: int = 0
    failed_count: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    cache_write_tokens: int = 0

    def plus(self, settled: Settled) -> PurposeSpending:
        """The same with one more request."""
        return PurposeSpending(
            self.purpose,
            self.lane,
            self.request_count + 1,
            self.failed_count + (not settled.is_completed),
            self.prompt_tokens + settled.usage.prompt_tokens,
            self.cached_tokens + settled.usage.cached_tokens,
            self.completion_tokens + settled.usage.completion_tokens,
            total_cost_usd((self.cost_usd, settled.cost_usd)),
            self.cache_write_tokens
            + (0 if settled.is_estimated else settled.usage.cache_write_tokens),
        )


def read_spending(folder: RunFolder) -> list[PurposeSpending]:
    """One entry for each purpose and lane, sorted; what was asked again counts as well.

    Raises:
        DamagedLogError: the journal is damaged.
    """
    groups: dict[tuple[str, LaneName], PurposeSpending] = {}
    for settled in chain(read_settled(folder.journal_path), read_settled(folder.retried_path)):
        key = settled.purpose, settled.lane
        groups[key] = groups.get(key, PurposeSpending(*key)).plus(settled)
    return [groups[key] for key in sorted(groups)]


def total_cost_usd(costs: Iterable[float | None]) -> float | None:
    """The sum of the costs; None if one of them is not known."""
    total = 0.0
    for cost in costs:
        if cost is None:
            return None
        total += cost
    return total


class LastTraining(NamedTuple):
    """The last fine-tuning job: where it stands, and its curve so far (empty: none known)."""

    last: TuningEvent
    curve: tuple[TrainingMetric, ...]


def read_training(folder: RunFolder) -> LastTraining | None:
    """The run's last job; None if there is none.

    Raises:
        DamagedLogError: a file is damaged.
    """
    last: TuningEvent | None = None
    for event in read_records(folder.finetuning_path, TuningEvent):
        last = event
    if last is None:
        return None
    path = folder.finetuning_metrics_path
    curve = [m for m in read_records(path, TrainingMetric) if m.job_id == last.job_id]
    return LastTraining(last, tuple(sorted(curve, key=lambda metric: metric.step)))
