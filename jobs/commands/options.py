"""Flags that several commands have in common, and the settings behind those that come together."""

from pathlib import Path
from typing import Annotated

import typer

from jobs.process import show_less, show_more
from jobs.spread.left_shards import take_in_left

RunDir = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="The run's folder; made if new.", callback=take_in_left),
]
Config = Annotated[
    Path | None, typer.Option(help="A TOML file of settings, in place of ./distill.toml.")
]
BaseUrl = Annotated[str | None, typer.Option(help="The API's address.")]
Rpm = Annotated[float | None, typer.Option(help="Requests a minute, at most.")]
Tpm = Annotated[float | None, typer.Option(help="Tokens a minute, at most.")]
BudgetUsd = Annotated[
    float | None, typer.Option(help="What all may cost together, earlier calls included.")
]
MaxInFlight = Annotated[int | None, typer.Option(help="Requests at once, at most.")]
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any setting, e.g. limits.burst_s=2."),
]
RetryFailed = Annotated[
    bool, typer.Option("--retry-failed", help="Send again what failed for good.")
]
LaneFlag = Annotated[
    str,
    typer.Option(
        "--lane",
        help="live: now; flex: half the price, slower; batch: half the price, within a day; auto: "
        "what is cheap and in time.",
    ),
]
Waits = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait for batches, or leave after one round.")
]
Deadline = Annotated[
    str | None, typer.Option(help="With --lane auto: by when all must be done (ISO 8601).")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Send nothing: say what it would ask and cost.")
]
MetricsPort = Annotated[
    int | None,
    typer.Option(min=1, max=65535, help="Serve Prometheus metrics on this port of 127.0.0.1."),
]
Notify = Annotated[
    str | None,
    typer.Option(
        metavar="COMMAND", help="Run this at the end, with DISTILL_STATE and DISTILL_REASON set."
    ),
]

Documents = Annotated[Path | None, typer.Option(help="The folder of documents to read.")]
Provider = Annotated[
    str | None,
    typer.Option(help="openai: any server that speaks its API; local: a small model here."),
]
Model = Annotated[str | None, typer.Option(help="The teacher model.")]
Judge = Annotated[str | None, typer.Option(help="A model that judges questions and answers, too.")]
RunBudgetUsd = Annotated[
    float | None, typer.Option(help="What the run may cost in all, resumes included.")
]
LimitChunks = Annotated[
    int | None,
    typer.Option(help="Ask about so many chunks only: a sample that a higher limit adds to."),
]
ClosedBook = Annotated[
    bool | None, typer.Option("--closed-book/--open-book", help="Rows without or with the excerpt.")
]
AcceptChanges = Annotated[
    bool, typer.Option("--accept-changes", help="Go on although settings or documents changed.")
]
Target = Annotated[
    Path,
    typer.Argument(
        metavar="RUN|FOLDER", help="A run, or a folder of documents.", callback=take_in_left
    ),
]
Sample = Annotated[
    int | None,
    typer.Option(min=5, help="First ask about so many chunks of the run; they are kept."),
]
PlanBudgetUsd = Annotated[
    float | None, typer.Option(help="What the run may cost in all, the sample included.")
]
AsJson = Annotated[bool, typer.Option("--json", help="As one JSON object.")]
BegunRun = Annotated[
    Path, typer.Argument(metavar="RUN", help="The run's folder.", callback=take_in_left)
]
Models = Annotated[
    str | None,
    typer.Option(
        metavar="baseline,tuned,teacher", help="Who answers; by default all that there are."
    ),
]
ModeFlag = Annotated[
    str | None,
    typer.Option(
        metavar="open|closed",
        help="With or without the excerpt in view; by default open, with --rejudge all there are.",
    ),
]
Questions = Annotated[
    Path | None, typer.Option(help="A file of questions, one a line, in place of the run's own.")
]
EvaluateJudges = Annotated[
    list[str] | None,
    typer.Option(
        help="The model that judges the answers. Given again: further judges, with whom the first "
        "is compared."
    ),
]
Rejudge = Annotated[
    bool,
    typer.Option(
        "--rejudge",
        help="Ask nobody but the judge: about the answers that there are, without new ones.",
    ),
]
Scorer = Annotated[
    str | None,
    typer.Option(metavar="builtin|ragas", help="This project's own steps, or ragas's code."),
]
Pairwise = Annotated[
    bool | None,
    typer.Option(
        "--pairwise/--no-pairwise",
        help="Also ask which of two answers is better, blind, in both orders.",
    ),
]
EvaluateBudgetUsd = Annotated[
    float | None, typer.Option(help="What the run may cost in all, its dataset included.")
]
Student = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FOLDER|GGUF",
        help="The model to tune: its name; with --trainer local also a folder or a GGUF.",
    ),
]
Trainer = Annotated[
    str | None,
    typer.Option(
        help="local: on this machine; openai: a job at the provider; export: files for your own "
        "trainer."
    ),
]
Epochs = Annotated[int | None, typer.Option(help="How often each row is seen.")]
Wait = Annotated[bool, typer.Option("--wait", help="Follow the job to its end.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before money is spent.")]
LearningCurve = Annotated[
    bool,
    typer.Option(
        "--learning-curve",
        help="Also tune on 1/8, 1/4 and 1/2 here, and say what more rows would bring.",
    ),
]
Cancel = Annotated[bool, typer.Option("--cancel", help="Give the job up.")]
FinetuneDryRun = Annotated[
    bool, typer.Option("--dry-run", help="Submit nothing: say what would be trained.")
]
Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Where a run of each layout is kept.")
]
Chunks = Annotated[
    int, typer.Option(min=1, help="How much to ask: chunks of 512 tokens, or as much text.")
]
LayoutsBudgetUsd = Annotated[
    float | None, typer.Option(help="What each layout may cost, earlier calls included.")
]
Requests = Annotated[
    str,
    typer.Argument(
        metavar="IN", help="Requests in the Batch API's format (- : stdin); or prompts."
    ),
]
Out = Annotated[
    str, typer.Option(help="The file of replies (- : stdout); failures go to OUT.errors.")
]
Journal = Annotated[
    Path | None, typer.Option(help="With --out -: the file in which replies are kept too.")
]
SendModel = Annotated[
    str | None,
    typer.Option(help="IN holds prompts for this model: one a line, or rows of CSV or JSONL."),
]
Template = Annotated[
    str | None,
    typer.Option(metavar="TEXT|@FILE", help="The prompt of a row; {column} stands for a cell."),
]
Text = Annotated[
    str | None,
    typer.Option(help="Also write the answers alone: to a .csv or .jsonl, or a line each."),
]
MaxOutputTokens = Annotated[int, typer.Option(min=1, help="Of an answer to a prompt, at most.")]
Endpoints = Annotated[
    list[str] | None,
    typer.Option(
        "--endpoint",
        metavar="URL[,key=VARIABLE][,rpm=N][,tpm=N]",
        help="One of several addresses; VARIABLE is the environment variable with its key.",
    ),
]
MaxAttempts = Annotated[int | None, typer.Option(help="Attempts of one request.")]
MaxOutage = Annotated[
    float | None, typer.Option(help="Seconds to wait for a server that no longer responds.")
]
SkipBadLines = Annotated[
    bool, typer.Option("--skip-bad-lines", help="Leave out what is not a request.")
]

On = Annotated[
    str,
    typer.Option(metavar="here|ray", help="Ask from this process, or by workers on a Ray cluster."),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Send by so many processes, for what one core is too slow for; by default by this "
        "one, with --on ray by one for each core.",
    ),
]
ClusterWorkers = Annotated[
    int | None, typer.Option(min=1, help="With --on ray: how many; by default one for each core.")
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT", help="With --on ray: the cluster; by default one of its own, here."
    ),
]
Segments = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="With --on ray, for machines without a folder in common: s3://BUCKET/PREFIX, where "
        "workers keep what they have written (file:///FOLDER: in one that all mount).",
    ),
]


def _on_quiet(is_given: bool) -> bool:
    if is_given:
        show_less()
    return is_given


def _on_verbose(is_given: bool) -> bool:
    if is_given:
        show_more()
    return is_given


Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Say only what is wrong, and the result.", callback=_on_quiet
    ),
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Say more, with times.", callback=_on_verbose),
]


def server_flags(
    base_url: str | None,
    *,
    rpm: float | None,
    tpm: float | None,
    max_in_flight: int | None,
    budget_usd: float | None,
) -> dict[str, object]:
    """The settings behind the flags of where requests go, how fast, and for how many dollars."""
    return {
        "teacher.base_url": base_url,
        "limits.requests_per_minute": rpm,
        "limits.tokens_per_minute": tpm,
        "limits.max_in_flight": max_in_flight,
        "budget.usd": budget_usd,
    }
