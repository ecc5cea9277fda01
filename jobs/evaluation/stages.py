"""The stages of an evaluation in their order: samples, answers, scores."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from engine.ask import Ask
from engine.errors import ConfigError, Deferred
from engine.files.records import RecordLog, encode_record, record_id
from engine.files.replace import replace_file
from engine.progress import Details, StageProgress
from engine.run_folder import RunFolder
from engine.stage import StageFiles, StagePass, Work, run_stage
from engine.stopping import Stopping
from jobs.evaluation.answer_samples import AnswerTask, answer_sample, answer_tasks
from jobs.evaluation.build_samples import (
    held_out_samples,
    imported_sample,
    known_samples,
    new_question_samples,
    unanswerable_samples,
)
from jobs.evaluation.new_questions import (
    NEW_QUESTIONS,
    TrainedChunk,
    ask_new_questions,
    choose_new_questions,
    sample_trained_chunks,
)
from jobs.evaluation.read_evaluation import ANSWERS, SAMPLES, SCORES
from jobs.evaluation.retrieve_context import retrieve_chunks
from jobs.evaluation.score_answers import ScoreTask, load_scoring, score_tasks
from jobs.run.pipeline import PipelineEnd
from schemas.dataset import Question, Rejection
from schemas.documents import Chunk
from schemas.evaluation import Mode, ModelAnswer, Role, Sample, Score
from schemas.record import Record
from schemas.settings import RunSettings

LAST_STAGE = "evaluation"  # where a complete evaluation ends

Item = TypeVar("Item", bound=Record)
Result = TypeVar("Result", bound=Record)


class Contest(NamedTuple):
    """Who answers what, and how. `questions`: only these, in place of the run's own."""

    models: Mapping[Role, str]
    mode: Mode
    questions: Sequence[str] | None


class EvaluationStages:
    """Takes an evaluation from its samples to its scores; what is finished already is skipped."""

    def __init__(
        self,
        folder: RunFolder,
        settings: RunSettings,
        contest: Contest,
        *,
        ask: Ask,
        stopping: Stopping,
        details: Details,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._contest = contest
        self._ask = ask
        self._stopping = stopping
        self._details = details
        self._samples: list[Sample] = []  # once they are complete

    async def run(self) -> PipelineEnd:
        """Go as far as possible: to the scores, or to the first stage with items set aside.

        Raises:
            EngineError: whatever ends the run early; everything bought until then is kept.
        """
        if not self._samples:
            passed = await self._build_samples()
            if not passed.is_complete:
                return PipelineEnd(SAMPLES, passed)
        answers: list[ModelAnswer] = []
        passed = await self._answer(answers)
        if not passed.is_complete:
            return PipelineEnd(ANSWERS, passed)
        passed = await self._score(answers)
        return PipelineEnd(LAST_STAGE if passed.is_complete else SCORES, passed)

    async def _build_samples(self) -> StagePass:
        samples: list[Sample] = []
        chunks = RecordLog(self._folder.results_path("chunks"), Chunk)
        async with chunks:
            if self._contest.questions is None:
                passed = await self._collect_samples(chunks, samples)
            else:
                passed = await self._import_samples(self._contest.questions, chunks, samples)
        if passed.is_complete and not samples:
            raise ConfigError(
                f"{self._folder.run_dir}: there is nothing to evaluate with: no question was held "
                "out; give a file with --questions, or make a run of more documents"
            )
        if passed.is_complete:
            replace_file(self._folder.results_path(SAMPLES), map(encode_record, samples))
            self._samples = samples
        return passed

    async def _collect_samples(self, chunks: RecordLog[Chunk], samples: list[Sample]) -> StagePass:
        chosen = self._settings.evaluation
        trained = await asyncio.to_thread(sample_trained_chunks, self._folder, self._settings)
        passed = await self._write_new_questions(trained)
        if not passed.is_complete:
            return passed
        held_out = await asyncio.to_thread(held_out_samples, self._folder, chunks, chosen)
        threshold = self._settings.questions.max_near_duplicate
        chosen_new = await asyncio.to_thread(choose_new_questions, self._folder, trained, threshold)
        new = list(new_question_samples(chosen_new))
        samples += [*held_out, *new, *unanswerable_samples(held_out, new, chosen)]
        return passed

    async def _write_new_questions(self, trained: Sequence[TrainedChunk]) -> StagePass:
        async def write(chunk: Chunk, ask: Ask) -> list[Question | Rejection]:
            return await ask_new_questions(chunk, ask, self._settings)

        async with StageFiles(self._folder, NEW_QUESTIONS, Question) as files:
            return await self._run_stage(NEW_QUESTIONS, [t.asked for t in trained], write, files)

    async def _import_samples(
        self, questions: Sequence[str], chunks: RecordLog[Chunk], samples: list[Sample]
    ) -> StagePass:
        known = await asyncio.to_thread(known_samples, questions, self._folder, chunks)
        unknown = [question for question in questions if question not in known]
        try:
            ranking = await retrieve_chunks(
                unknown, chunks.path, self._settings.evaluation, self._ask
            )
        except Deferred:
            return StagePass(deferred_count=len(unknown))
        found = dict(zip(unknown, ranking, strict=True))
        samples += [
            known.get(question)
            or imported_sample(question, [chunks.require(each) for each in found[question]])
            for question in questions
        ]
        return StagePass()

    async def _answer(self, answers: list[ModelAnswer]) -> StagePass:
        chosen = self._settings.evaluation

        async def answer(task: AnswerTask, ask: Ask) -> list[ModelAnswer | Rejection]:
            return await answer_sample(task, ask, chosen)

        tasks = list(answer_tasks(self._samples, self._contest.models, self._contest.mode, chosen))
        async with StageFiles(self._folder, ANSWERS, ModelAnswer) as files:
            passed = await self._run_stage(ANSWERS, tasks, answer, files)
            given = (files.results.get(task.answer_id) for task in tasks)
            answers += [each for each in given if each is not None]
        return passed

    async def _score(self, answers: Sequence[ModelAnswer]) -> StagePass:
        tasks = list(score_tasks(self._samples, answers, self._settings))
        async with StageFiles(self._folder, SCORES, Score) as files:
            if not any(files.is_unfinished(task.score_id) for task in tasks):
                return StagePass()
            score = await load_scoring(self._settings)

            async def work(task: ScoreTask, ask: Ask) -> list[Score | Rejection]:
                return [*await score(task, ask)]

            return await self._run_stage(SCORES, tasks, work, files)

    async def _run_stage(
        self,
        name: str,
        items: Sequence[Item],
        work: Work[Item, Result],
        files: StageFiles[Result],
    ) -> StagePass:
        left = [item for item in items if files.is_unfinished(record_id(item))]
        done, label = len(items) - len(left), name.rpartition("/")[2]
        with StageProgress(label, total=len(items), done=done, details=self._details) as progress:
            return await run_stage(
                left,
                work,
                ask=self._ask,
                files=files,
                window=self._settings.limits.max_in_flight,
                stopping=self._stopping,
                progress=progress,
            )
