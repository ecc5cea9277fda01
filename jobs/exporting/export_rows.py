"""Writes the rows of a finished run in another format, with a card that says what they are."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from engine.errors import ConfigError, DamagedLogError
from engine.files.jsonl_lines import read_lines
from engine.files.records import RecordLog, read_records
from engine.files.replace import replacing
from engine.run_folder import RunFolder
from jobs.dataset.rows.export_dataset import ROW_FILES
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.dataset_chunks import chunk_of_dataset
from jobs.documents.passages import passages_of
from jobs.exporting.data_card import data_card
from jobs.exporting.find_rejected import WorseAnswers, find_worse_answers
from jobs.exporting.parquet_file import require_parquet, writing_parquet
from jobs.exporting.row_formats import (
    FORMATS,
    PARQUET_ENDING,
    RowFormat,
    SourceRow,
    WriteRow,
)
from jobs.settings.run_config import read_run_config
from schemas.dataset import Provenance
from schemas.documents import Chunk

CARD_NAME = "README.md"


class Exported(NamedTuple):
    """Where the rows went, and how many lines each file has."""

    folder: Path
    lines: Mapping[str, int]


class _Twins(NamedTuple):
    """By question: what its row says, and what its unanswerable twin says."""

    answers: dict[str, str]
    refusals: dict[str, str]


async def export_rows(folder: RunFolder, format_name: str) -> Exported:
    """Replace RUN/export/FORMAT by the rows that the run holds now. Nothing held out is in them.

    Raises:
        ConfigError: there is no such format, what it needs is not installed, no rows, or those of
            former documents.
        DamagedLogError: rows and provenance do not belong together.
    """
    if format_name not in FORMATS:
        raise ConfigError(f"--format: found {format_name!r}, expected {', '.join(FORMATS)}")
    row_format = FORMATS[format_name]
    if row_format.ending == PARQUET_ENDING:
        require_parquet()
    config = read_run_config(folder.config_path)
    provenance = list(read_records(folder.dataset_dir / "provenance.jsonl", Provenance))
    if config is None or not provenance:
        raise ConfigError(f"{folder.run_dir}: has no rows yet; `distill run` makes them")
    target = folder.run_dir / "export" / format_name
    target.mkdir(parents=True, exist_ok=True)
    counts = Counter[str]()
    async with RecordLog(folder.results_path(CHUNKS.name), Chunk) as chunks:
        twins = _find_twins(folder, provenance)
        worse = await find_worse_answers(folder, provenance)
        with ExitStack() as files:
            write = {
                name: files.enter_context(_writing(target / _file_name(name, row_format)))
                for name in ROW_FILES
            }
            for row, source in _read_rows(folder, provenance, chunks, twins, worse):
                for line in row_format.make(source):
                    write[row.file](line)
                    counts[row.file] += 1
    lines = {_file_name(name, row_format): counts[name] for name in ROW_FILES}
    with replacing(target / CARD_NAME) as write_line:
        for text in data_card(format_name, config, provenance, lines):
            write_line(text.encode())
    return Exported(target, lines)


def _file_name(name: str, row_format: RowFormat) -> str:
    return Path(name).stem + row_format.ending


@contextmanager
def _writing(path: Path) -> Iterator[WriteRow]:
    """Writes the rows of a file in the form that its ending says."""
    if path.suffix == PARQUET_ENDING:
        with writing_parquet(path) as write_row:
            yield write_row
        return
    with replacing(path) as write_line:
        yield lambda line: write_line(orjson.dumps(line))


def _find_twins(folder: RunFolder, provenance: list[Provenance]) -> _Twins:
    """What is said to a question with and without its text; only of questions that have both."""
    wanted = {row.question_id for row in provenance if row.is_unanswerable}
    twins = _Twins({}, {})
    for row, messages in _pair(folder, provenance):
        if row.question_id in wanted:
            said = twins.refusals if row.is_unanswerable else twins.answers
            said[row.question_id] = str(messages[-1]["content"])
    return twins


def _read_rows(
    folder: RunFolder,
    provenance: list[Provenance],
    chunks: RecordLog[Chunk],
    twins: _Twins,
    worse: WorseAnswers,
) -> Iterator[tuple[Provenance, SourceRow]]:
    for row, messages in _pair(folder, provenance):
        others = twins.answers if row.is_unanswerable else twins.refusals
        other = others.get(row.question_id)
        passages = passages_of(row, partial(chunk_of_dataset, chunks))
        source = SourceRow(
            system=str(messages[0]["content"]),
            user=str(messages[1]["content"]),
            answer=str(messages[2]["content"]),
            evidence=passages.read(row.answer_evidence),
            document=row.path,
            rejected=(other,) if other else (),
            kind=row.kind,
            is_unanswerable=row.is_unanswerable,
        )
        if not row.is_unanswerable:
            known = worse.than(row, source.question, source.answer)
            source = source._replace(rejected=(*source.rejected, *known))
        yield row, source


def _pair(
    folder: RunFolder, provenance: list[Provenance]
) -> Iterator[tuple[Provenance, list[dict[str, Any]]]]:
    """Rows with their provenance: both stand in the same order in each file."""
    lines = {name: read_lines(folder.dataset_dir / name) for name in ROW_FILES}
    for row in provenance:
        line = next(lines[row.file], None)
        if line is None:
            path = folder.dataset_dir / row.file
            raise DamagedLogError(
                f"{path}: lines that provenance.jsonl names are missing; `distill run "
                f"{folder.run_dir}` writes both anew"
            )
        yield row, orjson.loads(line)["messages"]
