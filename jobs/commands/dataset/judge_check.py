"""`distill judge-check`: how well filters and a judge agree with people."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import ConfigError
from jobs.commands.options import Assignments, BaseUrl, Config, DryRun

if TYPE_CHECKING:
    from jobs.dataset.judge.measure_judges import JudgedText
    from schemas.labels import LabelledText
    from schemas.settings import RunSettings


def judge_check(
    labels: Annotated[
        Path, typer.Argument(metavar="LABELS", help="Judged questions and answers, as JSON lines.")
    ],
    judge: Annotated[
        str | None, typer.Option(help="A model to measure too; without it only the free filters.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="With --judge: where its replies are kept.")
    ] = None,
    config: Config = None,
    base_url: BaseUrl = None,
    assignments: Assignments = None,
    dry_run: DryRun = False,
) -> None:
    """Measure precision, recall and kappa of the free filters and of a judge, by reason."""
    from jobs.dataset.judge.labelled_texts import read_labelled_texts
    from jobs.dataset.judge.measure_judges import decide_freely, describe
    from jobs.process import run_to_end
    from jobs.settings.command import flag_settings

    if (judge is None) != (folder is None):
        raise ConfigError("--judge and --folder: found one, expected both or none of them")
    flags = {"judge.model": judge, "teacher.base_url": base_url}
    settings = flag_settings(config, flags, assignments or [])
    texts = read_labelled_texts(labels)
    if dry_run and folder is not None:
        print(run_to_end(_plan(texts, folder, settings)))
        return
    decisions = [each for text in texts for each in decide_freely(text, settings)]
    judges = ["free"]
    if folder is not None:
        _add_judge(decisions, texts, folder, settings)
        judges += ["judge", "both"]
    print("\n".join(describe(decisions, judges)))


async def _plan(texts: "list[LabelledText]", folder: Path, settings: "RunSettings") -> str:
    """What is left to ask, by the journal that the folder may have."""
    from engine.errors import Deferred
    from engine.files.journal import Journal
    from engine.run_folder import RunFolder
    from engine.wire.prices import counted_sends, make_price
    from jobs.amounts import dollars
    from jobs.dataset.judge.measure_judges import decide_by_judge
    from jobs.run.changing.preview import AskJournal
    from jobs.settings.roles import judge_of

    model, price = judge_of(settings).model, make_price(settings.prices)
    kept = RunFolder(folder).journal_path
    with TemporaryDirectory(prefix="distill-labels-") as empty:
        path = kept if kept.exists() else Path(empty) / kept.name
        async with Journal(path) as journal:
            ask = AskJournal(journal, price, counted_sends(settings.limits))
            for text in texts:
                for others in ("questions", "answers"):  # a call of each
                    with suppress(Deferred):
                        part = text.model_copy(update={others: ()})
                        await decide_by_judge(part, model, ask, settings.judge)
    usd = dollars(ask.worst_case_usd)
    return f"{ask.asked_anew:,} requests to {model}, at most {usd}"


def _add_judge(
    decisions: "list[JudgedText]",
    texts: "list[LabelledText]",
    folder: Path,
    settings: "RunSettings",
) -> None:
    from jobs.process import run_to_end

    reasons = run_to_end(_ask_judge(texts, folder, settings))
    for decision, reason in zip(decisions, reasons, strict=True):
        decision.reasons["judge"] = reason


async def _ask_judge(
    texts: "list[LabelledText]", folder: Path, settings: "RunSettings"
) -> list[str]:
    """Text by text; replies that are in the folder are not asked for again."""
    from engine.library.open import open_engine
    from jobs.dataset.judge.measure_judges import decide_by_judge
    from jobs.settings.endpoints import read_run_endpoints
    from jobs.settings.roles import judge_of, read_role_endpoints

    own = read_role_endpoints(settings, os.environ, ["judge"])
    endpoints = list(own.values()) or read_run_endpoints(settings, os.environ)
    async with open_engine(
        folder,
        endpoints,
        limits=settings.limits,
        budget_usd=settings.budget.usd,
        prices=settings.prices,
    ) as engine:
        model = judge_of(settings).model
        found = [await decide_by_judge(t, model, engine.ask, settings.judge) for t in texts]
    return [reason for reasons in found for reason in reasons]
