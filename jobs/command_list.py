"""The commands of `distill`: for which task each is, and examples that its --help shows."""

from typing import NamedTuple


class Task(NamedTuple):
    """A task that commands stand under in the overview, and the package with their modules."""

    title: str
    room: str


class Listed(NamedTuple):
    """A command: its task, and examples of calling it."""

    task: Task
    examples: tuple[str, ...]


BEFORE = Task("Before a run", "jobs.commands.before")
RUN = Task("The dataset", "jobs.commands.dataset")
STUDENT = Task("The student, and how good it is", "jobs.commands.student")
LOOK = Task("Where a run stands, and what is wrong", "jobs.commands.look")
ALONE = Task("The engine on its own", "jobs.commands")

# Modules of the rooms of their tasks, in the order of the overview.
COMMANDS: dict[str, Listed] = {
    "init": Listed(BEFORE, ("distill init", "distill init my-settings.toml")),
    "prompts": Listed(
        BEFORE, ("distill prompts --copy my-prompts", "distill prompts --check my-prompts")
    ),
    "doctor": Listed(
        BEFORE, ("distill doctor --base-url http://localhost:8000/v1", "distill doctor RUN --ask")
    ),
    "plan": Listed(
        BEFORE,
        (
            "distill plan FOLDER --model gpt-6.1-terra",
            "distill plan RUN --documents FOLDER --sample 20 --budget-usd 1",
        ),
    ),
    "run": Listed(
        RUN,
        (
            "distill run RUN --documents FOLDER --limit-chunks 20 --budget-usd 1",
            "distill run RUN --set limit_chunks= --budget-usd 50 --lane batch --no-wait",
            "distill run RUN --on ray --address HOST:6379 --workers 16",
            "distill run RUN --store s3://BUCKET/PREFIX",
            "distill run RUN",
        ),
    ),
    "fetch": Listed(
        RUN,
        (
            "distill fetch s3://BUCKET/PREFIX RUN",
            "distill fetch s3://BUCKET/PREFIX RUN --take-over",
        ),
    ),
    "refilter": Listed(
        RUN,
        (
            "distill refilter RUN --set judge.min_supported=0.8",
            "distill refilter RUN --set questions.filters=phrases",
        ),
    ),
    "layouts": Listed(RUN, ("distill layouts FOLDER --documents DOCUMENTS --chunks 20",)),
    "judge-check": Listed(
        RUN,
        (
            "distill judge-check LABELS.jsonl",
            "distill judge-check LABELS.jsonl --judge MODEL --folder FOLDER",
        ),
    ),
    "check-dataset": Listed(
        RUN,
        (
            "distill check-dataset RUN/dataset/train.jsonl",
            "distill check-dataset FILE.jsonl --against EVAL.jsonl",
        ),
    ),
    "export": Listed(
        RUN, ("distill export RUN --format sharegpt", "distill export RUN --format preference")
    ),
    "finetune": Listed(
        STUDENT,
        (
            "distill finetune RUN --trainer local",
            "distill finetune RUN --student gpt-4.1-mini --wait",
            "distill finetune RUN --trainer export",
        ),
    ),
    "serve": Listed(STUDENT, ("distill serve RUN",)),
    "chat": Listed(STUDENT, ("distill chat RUN",)),
    "evaluate": Listed(
        STUDENT,
        (
            "distill evaluate RUN --budget-usd 60 --lane batch",
            "distill evaluate RUN --models baseline,tuned --mode closed",
            "distill evaluate RUN --rejudge --judge gpt-6-luna",
            "distill evaluate RUN --on ray --workers 2",
        ),
    ),
    "compare": Listed(
        STUDENT,
        (
            "distill compare RUN --responses compare.csv",
            "distill compare RUN --format markdown --fail-under faithfulness=0.8",
        ),
    ),
    "label": Listed(STUDENT, ("distill label RUN --n 40",)),
    "report": Listed(STUDENT, ("distill report RUN --open",)),
    "view": Listed(LOOK, ("distill view RUN --open",)),
    "review": Listed(LOOK, ("distill review RUN --n 200 --reviewer anna",)),
    "status": Listed(LOOK, ("distill status RUN", "distill status RUN --watch")),
    "costs": Listed(
        LOOK, ("distill costs RUN --by day,model", "distill costs RUN --csv > costs.csv")
    ),
    "batches": Listed(LOOK, ("distill batches RUN", "distill batches RUN --cancel")),
    "audit": Listed(LOOK, ("distill audit RUN", "distill audit RUN --provider")),
    "clean": Listed(LOOK, ("distill clean RUN", "distill clean RUN --derived --yes")),
    "send": Listed(
        ALONE,
        (
            "distill send requests.jsonl --out replies.jsonl --budget-usd 5",
            "distill send requests.jsonl --out replies.jsonl --lane batch",
            "distill send requests.jsonl --out replies.jsonl --workers 2",
            "distill send prompts.txt --model gpt-6-luna --out replies.jsonl --text answers.txt",
            "distill send rows.csv --model gpt-6-luna --template 'Sum up: {text}' "
            "--out replies.jsonl --text rows-with-answers.csv",
        ),
    ),
}
