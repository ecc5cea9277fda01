"""The stages in their order: from a folder of documents to the dataset."""

import asyncio
import heapq
import logging
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from engine.ask import Ask
from engine.files.journal import Journal
from engine.files.records import (
    RecordLog,
    encode_record,
    read_ids,
    read_records,
    read_records_by_id,
)
from engine.files.replace import replace_file
from engine.progress import Details, StageProgress
from engine.run_folder import RunFolder
from engine.stage import StageFiles, StagePass, Work, run_stage
from engine.stopping import Stopping
from engine.wire.tokens import count_tokens
from jobs.dataset.export_dataset import export_dataset
from jobs.dataset.profiles import PROFILES
from jobs.documents.chunk_documents import chunk_document
from jobs.documents.list_files import SourceFile
from jobs.documents.reader_pool import ReaderPool
from jobs.documents.split_documents import DocumentSize, assign_sides
from jobs.documents.unread_files import describe_unread
from jobs.text.near_duplicates import NearDuplicates
from schemas.dataset import Answer, Question, Rejection
from schemas.documents import Chunk, Document, SplitAssignment
from schemas.record import Record
from schemas.settings import RunSettings

_log = logging.getLogger(__name__)

DATASET = "dataset"  # the last stage
READER_COUNT = 2  # processes that parse documents
FILE_WINDOW = 32  # items in work where only the disk is waited for

Item = TypeVar("Item", bound=Record)
Result = TypeVar("Result", bound=Record)


class PipelineEnd(NamedTuple):
    """The stage that a pass over the pipeline ended with, and what it came to."""

    stage: str
    passed: StagePass

    def is_done(self, last_stage: str = DATASET) -> bool:
        """Whether `last_stage` is complete."""
        return self.stage == last_stage and self.passed.is_complete


class Pipeline:
    """Takes a run from its documents to its dataset; what is finished already is skipped.

    A stage begins when the one before it is complete. All that it writes depends on documents,
    settings and replies alone, whatever the order in which replies come.
    """

    def __init__(
        self,
        folder: RunFolder,
        settings: RunSettings,
        *,
        ask: Ask,
        journal: Journal,
        stopping: Stopping,
        details: Details,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._ask = ask
        self._journal = journal
        self._stopping = stopping
        self._details = details
        self._profile = PROFILES[settings.teacher.prompt_profile]

    async def run(self, last_stage: str = DATASET) -> PipelineEnd:
        """Go as far as possible: to `last_stage`, or to the first stage with items set aside.

        Raises:
            EngineError: whatever ends the run early; everything bought until then is kept.
        """
        stages = {
            "documents": self._read_documents,
            "split": self._split_documents,
            "chunks": self._chunk_documents,
            "questions": self._write_questions,
            "kept_questions": self._keep_questions,
            "answers": self._write_answers,
        }
        for name, stage in stages.items():
            passed = await stage()
            if not passed.is_complete or name == last_stage:
                return PipelineEnd(name, passed)
        await export_dataset(self._folder, self._settings.dataset, self._journal, self._stopping)
        return PipelineEnd(DATASET, StagePass())

    async def _read_documents(self) -> StagePass:
        assert self._settings.documents_dir is not None
        pool = ReaderPool(
            self._settings.documents_dir, self._settings.documents, worker_count=READER_COUNT
        )

        async def read(source: SourceFile, _: Ask) -> list[Document | Rejection]:
            return [await pool.read(source)]

        async with pool, StageFiles(self._folder, "documents", Document) as files:
            sources = read_records(
                self._folder.sources_path, SourceFile, is_wanted=files.is_unfinished
            )
            total = _count(self._folder.sources_path, SourceFile)
            passed = await self._run_stage("documents", sources, read, files, READER_COUNT, total)
            if not len(files.results):
                _log.warning("nothing was read from %s", self._settings.documents_dir)
        for line in describe_unread(self._folder.rejected_path):
            _log.warning("%s", line)
        return passed

    async def _split_documents(self) -> StagePass:
        path = self._folder.results_path("split")
        existing = {a.document_id: a for a in read_records(path, SplitAssignment)}
        sizes = await asyncio.to_thread(list, self._measure_documents(existing))
        async with RecordLog(self._folder.results_path("documents"), Document) as documents:

            def read_text(document_id: str) -> str:
                return documents.require(document_id).text

            new = assign_sides(sizes, existing, read_text=read_text, settings=self._settings.split)
        replace_file(path, map(encode_record, [*existing.values(), *new]))
        return StagePass()

    def _measure_documents(self, existing: Container[str]) -> Iterator[DocumentSize]:
        """Counts the tokens of every new document; in a thread, so that a stop is heard."""
        path = self._folder.results_path("documents")
        for document in read_records(path, Document, is_wanted=lambda id_: id_ not in existing):
            self._stopping.raise_if_requested()
            tokens = count_tokens(document.text)
            yield DocumentSize(document.document_id, tokens, len(document.text))

    async def _chunk_documents(self) -> StagePass:
        assignments = RecordLog(self._folder.results_path("split"), SplitAssignment)

        async def chunk(document: Document, _: Ask) -> list[Chunk | Rejection]:
            assignment = assignments.require(document.document_id)
            return chunk_document(document, assignment, self._settings.chunks)

        path = self._folder.results_path("documents")
        async with assignments, StageFiles(self._folder, "chunks", Chunk) as files:
            documents = read_records(path, Document, is_wanted=files.is_unfinished)
            return await self._run_stage(
                "chunks", documents, chunk, files, 1, _count(path, Document)
            )

    async def _write_questions(self) -> StagePass:
        async def write(chunk: Chunk, ask: Ask) -> list[Question | Rejection]:
            return await self._profile.write_questions(chunk, ask, self._settings)

        path = self._folder.results_path("chunks")
        chosen = _smallest_ids(read_ids(path, Chunk), self._settings.limit_chunks)
        async with StageFiles(self._folder, "questions", Question) as files:
            chunks = read_records(
                path, Chunk, is_wanted=lambda id_: id_ in chosen and files.is_unfinished(id_)
            )
            total = sum(1 for id_ in read_ids(path, Chunk) if id_ in chosen)
            return await self._run_stage(
                "questions", chunks, write, files, self._settings.limits.max_in_flight, total
            )

    async def _keep_questions(self) -> StagePass:
        """Drop near duplicates, on the same side and across sides: the first one stays.

        The order is that of ids, and work begins in that order, so that the outcome does not
        depend on the order of replies; what was kept before documents joined stays kept.
        """
        seen = NearDuplicates(self._settings.questions.max_near_duplicate)

        async def keep(question: Question, _: Ask) -> list[Question | Rejection]:
            if question.question_id in files.results:  # kept before a crash, but not yet finished
                return [question]
            match = seen.add(question.question_id, question.text)
            if match is None:
                return [question]
            rejection = Rejection.of(
                question.question_id,
                stage="kept_questions",
                reason="near_duplicate",
                score=match.similarity,
                threshold=self._settings.questions.max_near_duplicate,
                detail=f"of question {match.item_id}",
                text=question.text,
            )
            return [rejection]

        path = self._folder.results_path("questions")
        async with StageFiles(self._folder, "kept_questions", Question) as files:
            for kept in read_records(files.results.path, Question):
                seen.remember(kept.question_id, kept.text)
            questions = read_records_by_id(path, Question, is_wanted=files.is_unfinished)
            total = _count(path, Question)
            return await self._run_stage(
                "kept_questions", questions, keep, files, FILE_WINDOW, total
            )

    async def _write_answers(self) -> StagePass:
        chunks = RecordLog(self._folder.results_path("chunks"), Chunk)

        async def write(question: Question, ask: Ask) -> list[Answer | Rejection]:
            chunk = chunks.require(question.chunk_id)
            return [await self._profile.write_answer(question, chunk, ask, self._settings)]

        path = self._folder.results_path("kept_questions")
        async with chunks, StageFiles(self._folder, "answers", Answer) as files:
            questions = _on_train_side(read_records(path, Question, is_wanted=files.is_unfinished))
            total = sum(1 for _ in _on_train_side(read_records(path, Question)))
            return await self._run_stage(
                "answers", questions, write, files, self._settings.limits.max_in_flight, total
            )

    async def _run_stage(
        self,
        name: str,
        items: Iterable[Item],
        work: Work[Item, Result],
        files: StageFiles[Result],
        window: int,
        total: int,
    ) -> StagePass:
        done = len(files.finished)
        with StageProgress(name, total=total, done=done, details=self._details) as progress:
            return await run_stage(
                items,
                work,
                ask=self._ask,
                files=files,
                window=window,
                stopping=self._stopping,
                progress=progress,
            )


def _count(path: Path, kind: type[Record]) -> int:
    return sum(1 for _ in read_ids(path, kind))


def _smallest_ids(ids: Iterator[str], limit: int | None) -> Container[str]:
    """The `limit` smallest ids: a sample that a higher limit only adds to. None: every id."""
    return _Everything() if limit is None else frozenset(heapq.nsmallest(limit, ids))


class _Everything:
    def __contains__(self, _: object) -> bool:
        return True


def _on_train_side(questions: Iterator[Question]) -> Iterator[Question]:
    return (question for question in questions if question.side == "train")
