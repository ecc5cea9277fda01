"""Plans a run, or a folder of documents that no run has read yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from engine.errors import DamagedLogError
from engine.files.lock import WriterLock
from engine.files.records import first_problem, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.servers import OWN_SERVER
from engine.stopping import Stopping
from jobs.dataset.questions.choose_chunks import count_usable_chunks
from jobs.dataset.stages import DATASET
from jobs.documents.chunk_documents import CHUNKS
from jobs.documents.list_sources import find_missing_documents, list_sources
from jobs.evaluation.answer_samples import MODEL_ANSWERS
from jobs.evaluation.questions.build_samples import SAMPLES
from jobs.evaluation.rejudge import read_samples
from jobs.evaluation.stages import EVALUATION
from jobs.plan.estimate import estimate_stages
from jobs.plan.evaluation_sizes import Sizes, count_rows
from jobs.plan.growth import growth_of
from jobs.plan.plan_evaluation import (
    contest_of,
    plan_evaluation,
    plan_price,
    with_student,
)
from jobs.plan.replay import AskedByKey, open_replay
from jobs.plan.times import lane_times, read_pace, with_live_times
from jobs.run.changing.changes import RunChanges, apply_changes, find_changes
from jobs.run.check_start import check_folders
from jobs.run.stages import Stages
from jobs.settings.roles import JUDGE_ROLES, ROLE_NAMES, RoleName, server_of
from jobs.settings.run_config import RunConfig, read_run_config
from schemas.documents import Chunk
from schemas.evaluation import Contest
from schemas.plan import EvaluationPlan, Plan, StagePlan, together
from schemas.settings import RunSettings


async def plan_run(folder: RunFolder, settings: RunSettings, now: datetime) -> Plan:
    """What going on with a run would ask, under these settings; also kept in RUN/plan.json.

    Raises:
        ConfigError: there is no folder of documents.
        RunInUseError: another process writes the run.
        DamagedLogError: a file of the run is damaged.
    """
    check_folders(folder, settings.documents_dir)
    with WriterLock(folder.lock_path):
        plan = await _plan(folder, settings, now)
        if plan.has_left:  # else the last plan is the one to compare with
            replace_file(plan_path(folder), [plan.model_dump_json().encode()])
    return plan


async def plan_documents(settings: RunSettings, now: datetime) -> Plan:
    """The same for a folder of documents: they are read and cut, and nothing of it is kept.

    Raises:
        ConfigError: there is no folder of documents.
    """
    with TemporaryDirectory(prefix="distill-plan-") as temporary:
        folder = RunFolder(Path(temporary) / "run")
        check_folders(folder, settings.documents_dir)
        folder.create()
        return await _plan(folder, settings, now)


async def plan_contest(
    folder: RunFolder,
    settings: RunSettings,
    contest: Contest,
    stages: Stages[Contest] = EVALUATION,
) -> EvaluationPlan:
    """What going on with an evaluation would ask in these stages; the dataset is as it is.

    Raises:
        ConfigError: there is nothing to evaluate with.
        RunInUseError: another process writes the run.
        DamagedLogError: a file of the run is damaged.
    """
    price = plan_price(settings, contest)
    sizes = _sizes_of(folder, settings, contest, stages)
    with WriterLock(folder.lock_path):
        async with open_replay(folder, settings, price, Stopping()) as replay:
            planned = await plan_evaluation(
                replay, folder, contest, sizes, price, is_complete=True, stages=stages
            )
    asked: Sequence[RoleName] = ROLE_NAMES if MODEL_ANSWERS in stages else JUDGE_ROLES
    return _with_times(planned, folder, settings, asked)


def _with_times(
    stages: Sequence[StagePlan], folder: RunFolder, settings: RunSettings, roles: Sequence[RoleName]
) -> EvaluationPlan:
    """No times where one of these roles is asked at a server of its own, with limits of its own."""
    if any(server_of(settings, role) != OWN_SERVER for role in roles):
        return EvaluationPlan(stages=tuple(stages), times=())
    pace = read_pace(folder, settings)
    return EvaluationPlan(
        stages=with_live_times(stages, pace), times=lane_times(stages, pace, settings)
    )


def _sizes_of(
    folder: RunFolder, settings: RunSettings, contest: Contest, stages: Stages[Contest]
) -> Sizes:
    """Those of the questions that there are, where none are to come; else of those to come."""
    if SAMPLES not in stages:
        return Sizes.of_samples(read_samples(folder))
    chunks = read_records(folder.results_path(CHUNKS.name), Chunk)
    longest = max((chunk.token_count for chunk in chunks), default=0)
    if contest.questions is not None:
        longest *= settings.evaluation.retrieved_chunks
        return Sizes(len(contest.questions), 0, 0, longest)
    return Sizes.of(*count_rows(folder), longest, settings)


def plan_path(folder: RunFolder) -> Path:
    """Where the last plan of a run is kept."""
    return folder.run_dir / "plan.json"


def read_plan(folder: RunFolder) -> Plan | None:
    """The plan that was made last; None: there is none.

    Raises:
        DamagedLogError: it is not what distill writes.
    """
    path = plan_path(folder)
    if not path.exists():
        return None
    try:
        return Plan.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DamagedLogError(
            f"{path}: {first_problem(error)}; delete it, `distill plan` writes it anew"
        ) from error


async def _plan(folder: RunFolder, settings: RunSettings, now: datetime) -> Plan:
    stopping = Stopping()
    contest = with_student(contest_of(folder, settings), settings)
    price = plan_price(settings, contest)
    async with open_replay(folder, settings, price, stopping) as replay:
        copy = replay.context.folder
        await _bring_up_to_date(copy, folder, settings, stopping)
        await replay.read_documents()
        asked = await replay.ask_dataset()
        estimate = estimate_stages(copy, asked, settings, price)
        growth = growth_of(copy, folder, estimate)
        sizes = growth.evaluation_sizes(folder, settings)
        evaluation = await plan_evaluation(
            replay, folder, contest, sizes, price, is_complete=not estimate.left
        )
        chunk_count = count_usable_chunks(copy, settings)
    pace = read_pace(folder, settings)
    stages = with_live_times(estimate.stages, pace)
    evaluated = _with_times(evaluation, folder, settings, ROLE_NAMES)
    return Plan(
        planned_at=now.isoformat(timespec="seconds"),
        model=settings.teacher.model,
        chunks=chunk_count,
        sampled_chunks=len(estimate.sampled),
        left_chunks=len(estimate.left),
        asked_usd=_asked_usd(asked),
        stages=stages,
        usd=together([stage.usd for stage in estimate.stages]),
        batch_share=settings.batch.price_share,
        flex_share=settings.tiers.flex,
        live_s=_together_s(stages),
        evaluation=evaluated.stages,
        tuning=growth.plan_tuning(folder, settings) if growth.sampled_trained else None,
        times=lane_times(stages, pace, settings),
        evaluation_times=evaluated.times,
    )


async def _bring_up_to_date(
    copy: RunFolder, folder: RunFolder, settings: RunSettings, stopping: Stopping
) -> None:
    """Take in what settings and documents have changed since the run went on last."""
    assert settings.documents_dir is not None
    await list_sources(
        copy, settings.documents_dir, stopping, text_column=settings.documents.text_column
    )
    before = read_run_config(folder.config_path)
    if before is not None:
        after = RunConfig(run=before.run, settings=settings)
        missing = tuple(find_missing_documents(copy))
        apply_changes(copy, RunChanges(find_changes(before, after, DATASET), missing), DATASET)


def _together_s(stages: Sequence[StagePlan]) -> float | None:
    known = [stage.live_s for stage in stages if stage.live_s is not None]
    return sum(known) if len(known) == len(stages) else None


def _asked_usd(asked: Mapping[str, AskedByKey]) -> float | None:
    costs = [each.usd for of_stage in asked.values() for each in of_stage.values()]
    known = [usd for usd in costs if usd is not None]
    return sum(known) if len(known) == len(costs) else None
