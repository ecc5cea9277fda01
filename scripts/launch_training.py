"""Tunes the student on a file of rows, on this machine or by a job at a host.

    python3 scripts/launch_training.py finetune_dataset.jsonl

The same call again goes on with the training or adopts the job that it finds.
"""

import argparse
from pathlib import Path

from engine.run_folder import RunFolder
from jobs.classic.command import (
    make_parser,
    read_settings,
    run_command,
    with_usual_student,
)
from jobs.commands.student.finetune import absolute_student, ask_user, run_finetuning, show_expected
from jobs.dataset.rows.held_out_rows import held_out_rows
from jobs.finetune.finetune import TuningOrder
from jobs.process import EXIT_OK


def main() -> None:
    """Read the arguments and submit."""
    parser = make_parser(__doc__)
    parser.add_argument("finetune_path", type=Path, help="rows in chat format")
    parser.add_argument("--validation_path", type=Path, help="rows that the loss is shown on")
    parser.add_argument(
        "--student",
        type=absolute_student,
        help="the model to tune: a host's name for it, or a folder or GGUF; by default the "
        "embedded model, on this machine",
    )
    parser.add_argument("--wait", action="store_true", help="follow the job to its end")
    parser.add_argument("--yes", action="store_true", help="do not ask before money is spent")
    arguments = parser.parse_args()
    run_command(lambda: launch(arguments))


def launch(arguments: argparse.Namespace) -> int:
    """Submit the job or adopt it."""
    flags = {"student.model": arguments.student, "student.base_url": arguments.base_url}
    folder = RunFolder(arguments.run)
    settings = with_usual_student(read_settings(arguments, flags))
    order = TuningOrder(
        folder,
        settings,
        endpoint=None,
        agree=ask_user(yes=arguments.yes),
        waits=arguments.wait,
        train_path=arguments.finetune_path,
        validation_path=arguments.validation_path,
        held_out_rows=held_out_rows(folder, settings)
        if settings.student.trainer == "local"
        else (),
    )
    if arguments.dry_run:
        show_expected(order)
        return EXIT_OK
    return run_finetuning(order)


if __name__ == "__main__":
    main()
