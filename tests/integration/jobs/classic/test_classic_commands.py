"""The classic commands, one after the other, as processes of their own."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from jobs.finetune.student.source.shape import StudentShape
from tests.crash.runs import TEXTS_DIR
from tests.forked import TRAINING, run_forked
from tests.integration.jobs.report.report_runs import write_evaluated_run
from tests.openai_server import RunningServer, start_openai_server
from tests.unit.jobs.finetune.student.tiny_students import make_gguf, tiny_shape

ROOT_DIR = Path(__file__).parents[4]
STUDENT = "gpt-4o-mini"
FOREIGN = "How does one run a detached job from a crontab line?"
TRAIN, VAL, ROWS = "train_questions.txt", "eval_questions.txt", "finetune_dataset.jsonl"
COMPARE = ("launch_evaluation.py", "--compare_response", "--val_path", VAL, "--response_file")
ROW = {
    "messages": [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "Therefore."},
    ]
}
DATASET = ("--dataset", "--train_path", TRAIN, "--finetune_path", ROWS)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    rules = {"validating_s": 0.1, "queued_s": 0.1, "running_s": 0.1}
    with start_openai_server({"fine_tuning": rules}) as server:
        yield server


class Shell:
    """Runs scripts in one folder."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        self._server = server
        self.folder = folder

    def run(
        self, script: str, *flags: str, has_key: bool = True, imported: Sequence[str] = ()
    ) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "OPENAI_BASE_URL": self._server.base_url}
        environment["OPENAI_API_KEY"] = self._server.api_key if has_key else ""
        path = ROOT_DIR / "scripts" / script
        words = [str(path), *flags]
        return run_forked(words, cwd=self.folder, env=environment, imported=imported)

    def lines(self, name: str) -> list[str]:
        return (self.folder / name).read_text().splitlines()

    def write(self, name: str, *lines: str) -> None:
        (self.folder / name).write_text("\n".join(lines))

    def chunk_to_train_on(self) -> dict[str, Any]:
        chunks = map(orjson.loads, self.lines("distill-run/chunks.jsonl"))
        return next(chunk for chunk in chunks if chunk["side"] == "train")

    def calls(self) -> int:
        return int(self._server.control.settled_totals()["calls"])


@pytest.fixture(scope="module")
def begun(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which both files of questions were made."""
    folder = tmp_path_factory.mktemp("classic")
    (folder / "documents").mkdir()
    for name in ("filters", "how-it-works", "cron"):
        shutil.copy(TEXTS_DIR / f"{name}.md", folder / "documents")
    made = Shell(server, folder).run(
        *("data_preparation.py", "--question", "--train_path", TRAIN, "--val_path", VAL),
        *("--set", "split.held_out_fraction=0.4"),
    )
    assert made.returncode == 0, made.stderr
    assert f"the documents of {folder / 'documents'} are read" in made.stderr
    return folder


@pytest.fixture
def shell(server: RunningServer, begun: Path, tmp_path: Path) -> Shell:
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("documents"))
    return Shell(server, tmp_path)


def test_commands_lead_from_documents_to_a_comparison(shell: Shell, server: RunningServer) -> None:
    answered = shell.run("data_preparation.py", *DATASET)
    launched = shell.run("launch_training.py", ROWS, "--student", STUDENT, "--yes")
    shell.write(VAL, *shell.lines(VAL)[:2])
    evaluate = ("launch_evaluation.py", "--val_path", VAL)
    planned = shell.run(*evaluate, "--eval_baseline", "--dry-run", has_key=False)
    evaluated = [
        shell.run(*evaluate, flag)
        for flag in ("--eval_baseline", "--eval_finetuned", "--eval_gpt4")
    ]
    calls = shell.calls()
    compared = shell.run(*COMPARE, "compare.csv", has_key=False)

    for ended in (answered, launched, planned, *evaluated, compared):
        assert ended.returncode == 0, ended.stderr
    assert "models' answers" in planned.stdout
    (job,) = server.control.jobs()
    assert launched.stdout.splitlines()[0] == job["id"]
    assert all("Answer relevancy" in ended.stdout for ended in evaluated)
    assert job["fine_tuned_model"] in compared.stdout
    assert shell.calls() == calls
    table = (shell.folder / "compare.csv").read_text(encoding="utf-8-sig")
    assert all(question.split()[-1] in table for question in shell.lines(VAL))


def test_a_student_here_is_tuned_and_compared_with_itself_untuned(
    shell: Shell, tmp_path_factory: pytest.TempPathFactory
) -> None:
    student = make_gguf(tmp_path_factory.mktemp("student") / "tiny.gguf", long_tiny())
    answered = shell.run("data_preparation.py", *DATASET)
    quick = ("--set", "student.epochs=1", "--set", "evaluation.answer_max_output_tokens=8")
    training = ("launch_training.py", ROWS, "--student", str(student), *quick)
    launched = shell.run(*training, imported=TRAINING)
    shell.write(VAL, *shell.lines(VAL)[:2])
    evaluated = [
        shell.run("launch_evaluation.py", flag, "--val_path", VAL)
        for flag in ("--eval_baseline", "--eval_finetuned", "--eval_gpt4")
    ]
    compared = shell.run(*COMPARE, "compare.csv", has_key=False)

    for ended in (answered, launched, *evaluated, compared):
        assert ended.returncode == 0, ended.stderr
    assert f"student: {student}, tuned on this machine" in launched.stderr
    assert "baseline open-book: 1,000 answers for $0.00" in compared.stdout
    assert "tuned open-book: 1,000 answers for $0.00" in compared.stdout
    assert "tiny-tuned-" in compared.stdout


def long_tiny() -> StudentShape:
    return tiny_shape().model_copy(update={"context_tokens": 8_192})


def test_dry_run_of_each_says_what_it_would_cost_and_needs_no_key(shell: Shell) -> None:
    shell.write(ROWS, *[orjson.dumps(ROW).decode()] * 2)
    calls = shell.calls()

    made = shell.run("data_preparation.py", *DATASET, "--dry-run", has_key=False)
    trained = shell.run("launch_training.py", ROWS, "--dry-run", has_key=False)

    assert made.returncode == 0, made.stderr
    assert trained.returncode == 0, trained.stderr
    assert "answers" in made.stdout
    assert "dollars live" in made.stdout
    assert "2 rows" in trained.stdout
    assert shell.calls() == calls
    assert not (shell.folder / "distill-run" / "dataset" / "train.jsonl").exists()


def test_questions_are_one_a_line_and_stand_on_one_side(shell: Shell) -> None:
    train, held_out = shell.lines(TRAIN), shell.lines(VAL)

    assert len(train) >= 10
    assert held_out
    assert all(line.strip() for line in (*train, *held_out))
    assert not set(train) & set(held_out)


def test_question_from_elsewhere_is_answered_from_the_runs_text_once(shell: Shell) -> None:
    own, chunk = shell.lines(TRAIN)[:3], shell.chunk_to_train_on()
    foreign = f"What is meant by {' '.join(chunk['text'].split()[:20])}"
    shell.write(TRAIN, foreign, *own)

    first = shell.run("data_preparation.py", *DATASET)
    calls, rows = shell.calls(), (shell.folder / ROWS).read_bytes()
    second = shell.run("data_preparation.py", *DATASET)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert f"{ROWS}: 4 rows of 4 questions" in first.stdout
    users = [orjson.loads(line)["messages"][1]["content"] for line in rows.splitlines()]
    assert [text.rpartition("Question: ")[2] for text in users] == [foreign, *own]
    assert chunk["text"] in users[0]
    assert shell.calls() == calls
    assert (shell.folder / ROWS).read_bytes() == rows


def test_changed_filter_holds_for_questions_from_elsewhere_too(shell: Shell) -> None:
    shell.write(TRAIN, FOREIGN)
    shell.run("data_preparation.py", *DATASET)
    calls = shell.calls()

    strict = shell.run("data_preparation.py", *DATASET, "--set", "answers.min_chars=2999")
    rejected = (shell.folder / "distill-run" / "rejected.jsonl").read_text()
    mild = shell.run("data_preparation.py", *DATASET, "--set", "answers.min_chars=20")

    assert f"{ROWS}: 0 rows of 1 questions" in strict.stdout
    assert '"stage":"imported_answers","reason":"too_short"' in rejected
    assert f"{ROWS}: 1 rows of 1 questions" in mild.stdout
    assert shell.calls() == calls


def test_held_out_question_in_other_words_is_refused_before_it_is_paid_for(shell: Shell) -> None:
    shell.run("data_preparation.py", *DATASET)
    calls = shell.calls()
    shell.write(TRAIN, *shell.lines(TRAIN), f"So: {shell.lines(VAL)[0].upper()}")

    ended = shell.run("data_preparation.py", *DATASET)

    assert ended.returncode == 2
    assert "is held out for the evaluation" in ended.stderr
    assert shell.calls() == calls


def test_comparison_over_other_questions_than_were_evaluated_is_refused(
    server: RunningServer, tmp_path: Path
) -> None:
    shell = Shell(server, tmp_path)
    write_evaluated_run(tmp_path / "distill-run", question_count=3)
    shell.write(VAL, FOREIGN)

    ended = shell.run(*COMPARE, "compare.csv")

    assert ended.returncode == 2
    assert f"{VAL}: is not what was evaluated last (questions that differ: 4)" in ended.stderr
    assert not (tmp_path / "compare.csv").exists()


@pytest.mark.parametrize(
    ("script", "flag"),
    [
        ("data_preparation.py", "--finetune_path"),
        ("launch_training.py", "--student"),
        ("launch_evaluation.py", "--compare_response"),
    ],
)
def test_help_names_every_flag(
    server: RunningServer, tmp_path: Path, script: str, flag: str
) -> None:
    shown = Shell(server, tmp_path).run(script, "--help")

    assert shown.returncode == 0
    for known in (flag, "--documents", "--run", "--config", "--provider", "--model", "--base-url"):
        assert known in shown.stdout


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("data_preparation.py", *DATASET), f"{TRAIN}: cannot be read"),
        (
            ("data_preparation.py", "--question", "--train_path", "a/b", "--val_path", VAL),
            "a/b: there is no folder a",
        ),
        (
            ("data_preparation.py", "--question", "--train_path", "a", "--val_path", "./a"),
            "a: is named twice",
        ),
        (
            ("data_preparation.py", "--question", "--train_path", "a", "--val_path", "b"),
            "documents_dir is not set",
        ),
        (("data_preparation.py", "--question", "--train_path", "a"), "needs --val_path"),
        (("launch_training.py", ROWS, "--yes"), "distill-run: there is no run here"),
        (("launch_evaluation.py", "--eval_gpt4", "--val_path", "none"), "none: cannot be read"),
        (
            (*COMPARE, "table.txt"),
            "table.txt: found no name that ends in .csv",
        ),
    ],
)
def test_what_cannot_be_done_is_one_message(
    server: RunningServer, tmp_path: Path, command: tuple[str, ...], message: str
) -> None:
    ended = Shell(server, tmp_path).run(*command)

    assert ended.returncode == 2
    assert message in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not list(tmp_path.iterdir())
