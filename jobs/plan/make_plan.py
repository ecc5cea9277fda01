"""Plans a run, or a folder of documents that no run has read yet."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from engine.errors import DamagedLogError
from engine.files.lock import WriterLock
from engine.files.records import first_problem
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.stats.snapshots import read_snapshots
from engine.stopping import Stopping
from engine.wire.prices import make_price
from jobs.dataset.ask_teacher import count_usable_chunks
from jobs.dataset.stages import DATASET
from jobs.documents.list_sources import find_missing_documents, list_sources
from jobs.plan.estimate import Estimate, estimate_stages
from jobs.plan.replay import Asked, Replayed, copied, replay
from jobs.run.changes import RunChanges, apply_changes, find_changes
from jobs.run.check_start import check_folders
from jobs.settings.run_config import RunConfig, read_run_config
from schemas.plan import Amount, Plan
from schemas.settings import RunSettings

EVER = "1970-01-01T00:00:00+00:00"


async def plan_run(folder: RunFolder, settings: RunSettings, now: datetime) -> Plan:
    """What going on with a run would ask, under these settings; also kept in RUN/plan.json.

    Raises:
        ConfigError: there is no folder of documents.
        RunInUseError: another process writes the run.
        DamagedLogError: a file of the run is damaged.
    """
    check_folders(folder, settings.documents_dir)
    with WriterLock(folder.lock_path):
        with copied(folder) as copy:
            plan = await _plan(copy, folder, settings, now)
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
        return await _plan(folder, folder, settings, now)


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


async def _plan(copy: RunFolder, folder: RunFolder, settings: RunSettings, now: datetime) -> Plan:
    stopping = Stopping()
    assert settings.documents_dir is not None
    await list_sources(copy, settings.documents_dir, stopping)
    before = read_run_config(folder.config_path)
    if before is not None:
        after = RunConfig(run=before.run, settings=settings)
        missing = tuple(find_missing_documents(copy))
        apply_changes(copy, RunChanges(find_changes(before, after, DATASET), missing), DATASET)
    price = make_price(settings.prices, is_free=settings.teacher.is_local)
    replayed = await replay(copy, folder.journal_path, settings, price, stopping)
    estimate = estimate_stages(copy, replayed, settings, price)
    return Plan(
        planned_at=now.isoformat(timespec="seconds"),
        model=settings.teacher.model,
        chunks=count_usable_chunks(copy),
        sampled_chunks=len(estimate.sampled),
        left_chunks=len(estimate.left),
        asked_usd=_asked_usd(replayed),
        stages=estimate.stages,
        usd=_together([stage.usd for stage in estimate.stages]),
        batch_share=settings.batch.price_share,
        live_s=_live_s(folder, estimate, settings),
    )


def _asked(replayed: Replayed) -> list[Asked]:
    return [*replayed.questions.values(), *replayed.answers.values()]


def _asked_usd(replayed: Replayed) -> float | None:
    costs = [asked.usd for asked in _asked(replayed)]
    known = [usd for usd in costs if usd is not None]
    return sum(known) if len(known) == len(costs) else None


def _together(amounts: Sequence[Amount | None]) -> Amount | None:
    """The sum; its interval is that of amounts that go up and down together, so rather too wide."""
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts):
        return None
    values = [amount.value for amount in known if amount.value is not None]
    lows = [amount.low for amount in known if amount.low is not None]
    is_expected = len(values) == len(known)
    return Amount(
        value=sum(values) if is_expected else None,
        low=sum(lows) if is_expected else None,
        high=sum(amount.high for amount in known),
    )


def _live_s(folder: RunFolder, estimate: Estimate, settings: RunSettings) -> float | None:
    """The longest of: requests a minute, tokens a minute, and requests at once by their latency."""
    limits = settings.limits
    seen = read_snapshots(folder.stats_path, since=EVER)
    learnt = seen[-1] if seen else {}
    requests = sum(_expected(stage.requests) for stage in estimate.stages)
    tokens = sum(
        _expected(stage.prompt_tokens) + _expected(stage.completion_tokens)
        for stage in estimate.stages
    )
    times = [
        60 * amount / float(rate)
        for amount, rate in (
            (requests, limits.requests_per_minute or learnt.get("requests_per_minute")),
            (tokens, limits.tokens_per_minute or learnt.get("tokens_per_minute")),
        )
        if rate
    ]
    if estimate.is_sampled:
        sampled = [chunk.asked for chunk in estimate.sampled]
        latency_s = sum(each.latency_s for each in sampled) / sum(each.requests for each in sampled)
        times.append(requests * latency_s / limits.max_in_flight)
    return max(times, default=None)


def _expected(amount: Amount) -> float:
    return amount.high if amount.value is None else amount.value
