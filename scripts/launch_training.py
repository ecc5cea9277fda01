"""Submits the fine-tuning of the student on a file of rows, and prints the job's id.

    python3 scripts/launch_training.py finetune_dataset.jsonl

The same call again adopts the job that it finds.
"""

import argparse
from pathlib import Path

from engine.run_folder import RunFolder
from jobs.classic.command import make_parser, read_settings, run_command
from jobs.commands.finetune import ask_user, run_finetuning
from jobs.finetune.finetune import TuningOrder


def main() -> None:
    """Read the arguments and submit."""
    parser = make_parser(__doc__)
    parser.add_argument("finetune_path", type=Path, help="rows in chat format")
    parser.add_argument("--student", help="the model to tune")
    parser.add_argument("--wait", action="store_true", help="follow the job to its end")
    parser.add_argument("--yes", action="store_true", help="do not ask before money is spent")
    arguments = parser.parse_args()
    run_command(lambda: launch(arguments))


def launch(arguments: argparse.Namespace) -> int:
    """Submit the job or adopt it."""
    flags = {"student.model": arguments.student, "student.base_url": arguments.base_url}
    order = TuningOrder(
        RunFolder(arguments.run),
        read_settings(arguments, flags),
        endpoint=None,
        agree=ask_user(yes=arguments.yes),
        waits=arguments.wait,
        train_path=arguments.finetune_path,
    )
    return run_finetuning(order)


if __name__ == "__main__":
    main()
