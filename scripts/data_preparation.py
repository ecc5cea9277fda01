r"""Makes questions from documents, and a fine-tuning dataset from questions.

    python3 scripts/data_preparation.py --question \
        --train_path train_questions.txt --val_path eval_questions.txt
    python3 scripts/data_preparation.py --dataset \
        --train_path train_questions.txt --finetune_path finetune_dataset.jsonl

Both go on where they ended when they are called again, and pay for nothing twice.
"""

import argparse
import sys
from pathlib import Path

from engine.run_folder import RunFolder
from jobs.classic.answer_question_file import answer_question_file
from jobs.classic.command import (
    check_targets,
    make_order,
    make_parser,
    read_settings,
    run_command,
)
from jobs.commands.before.plan import show_plan
from jobs.dataset.questions.keep_questions import KEPT_QUESTIONS
from jobs.evaluation.questions.import_questions import read_questions, write_question_file
from jobs.process import EXIT_OK, EXIT_TRY_LATER, run_to_end
from jobs.run.run_stages import StagesEnd
from jobs.run.start import RunOrder, start_run
from jobs.show.describe import describe_left


def main() -> None:
    """Read the arguments and do one of the two."""
    parser = make_parser(__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--question", action="store_true", help="make files of questions")
    what.add_argument("--dataset", action="store_true", help="answer a file of questions")
    parser.add_argument("--train_path", type=Path, required=True, help="questions, one a line")
    parser.add_argument("--val_path", type=Path, help="held-out questions (with --question)")
    parser.add_argument("--finetune_path", type=Path, help="rows in chat format (with --dataset)")
    arguments = parser.parse_args()
    if arguments.question and not arguments.val_path:
        parser.error("--question needs --val_path")
    if arguments.dataset and not arguments.finetune_path:
        parser.error("--dataset needs --finetune_path")
    if arguments.dry_run:
        run_command(lambda: plan(arguments))
    if arguments.question:
        run_command(lambda: make_questions(arguments))
    run_command(lambda: make_dataset(arguments))


def plan(arguments: argparse.Namespace) -> int:
    """Say what the run would ask and cost to its end, of which questions are the beginning."""
    show_plan(RunFolder(arguments.run), read_settings(arguments))
    return EXIT_OK


def make_questions(arguments: argparse.Namespace) -> int:
    """Take the run to its questions, and write both files."""
    check_targets(arguments.train_path, arguments.val_path)
    order = make_order(arguments)
    if not _take_to(order, KEPT_QUESTIONS.name):
        return EXIT_TRY_LATER
    train = write_question_file(arguments.train_path, order.folder, "train")
    held_out = write_question_file(arguments.val_path, order.folder, "held_out")
    print(f"{arguments.train_path}: {train:,} questions to train on")
    print(f"{arguments.val_path}: {held_out:,} held-out questions")
    return EXIT_OK


def make_dataset(arguments: argparse.Namespace) -> int:
    """Take the run to its end, and write the rows of the questions in the file."""
    check_targets(arguments.train_path, arguments.finetune_path)
    questions = read_questions(arguments.train_path)
    order = make_order(arguments)
    if not _take_to(order, None):
        return EXIT_TRY_LATER
    answered = run_to_end(answer_question_file(order, questions, arguments.finetune_path))
    if not answered.end.is_done:
        _say_what_is_left(order, answered.end)
        return EXIT_TRY_LATER
    print(f"{arguments.finetune_path}: {answered.rows:,} rows of {len(questions):,} questions")
    if answered.unanswered:
        print(f"{answered.unanswered:,} have no answer; {order.folder.rejected_path} says why")
    return EXIT_OK


def _take_to(order: RunOrder, last_stage: str | None) -> bool:
    end = run_to_end(start_run(order._replace(last_stage=last_stage)))
    if not end.is_done:
        _say_what_is_left(order, end)
    return end.is_done


def _say_what_is_left(order: RunOrder, end: StagesEnd) -> None:
    left = describe_left(order.folder, end)
    print(f"distill: {left}; the same command again goes on", file=sys.stderr)


if __name__ == "__main__":
    main()
