r"""Has a model answer the questions of a file and scores the answers, or compares all models.

    python3 scripts/launch_evaluation.py --eval_baseline  --val_path eval_questions.txt
    python3 scripts/launch_evaluation.py --eval_finetuned --val_path eval_questions.txt
    python3 scripts/launch_evaluation.py --eval_gpt4      --val_path eval_questions.txt
    python3 scripts/launch_evaluation.py --compare_response \
        --val_path eval_questions.txt --response_file compare.csv

--eval_gpt4 evaluates the teacher. All pay for nothing twice.
"""

import argparse
import os
from pathlib import Path

from engine.errors import ConfigError
from engine.run_folder import RunFolder
from jobs.classic.command import (
    make_order,
    make_parser,
    read_settings,
    run_command,
    with_usual_student,
)
from jobs.commands.student.compare import check_target, show_comparison
from jobs.commands.student.evaluate import run_evaluation, show_evaluation_plan
from jobs.evaluation.evaluate import EvaluationOrder
from jobs.evaluation.evaluated_models import asked_roles
from jobs.evaluation.questions.import_questions import read_questions
from jobs.evaluation.read_evaluation import read_evaluation
from jobs.process import EXIT_OK
from jobs.settings.roles import read_role_endpoints
from schemas.evaluation import Role
from schemas.settings import RunSettings


def main() -> None:
    """Read the arguments and do one of the four."""
    parser = make_parser(__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    for flag, role in (("baseline", "baseline"), ("finetuned", "tuned"), ("gpt4", "teacher")):
        what.add_argument(
            f"--eval_{flag}", dest="role", action="store_const", const=role, help=f"the {role}"
        )
    what.add_argument("--compare_response", action="store_true", help="all that were evaluated")
    parser.add_argument("--val_path", type=Path, required=True, help="questions, one a line")
    parser.add_argument("--response_file", type=Path, help="CSV (with --compare_response)")
    arguments = parser.parse_args()
    if arguments.compare_response and not arguments.response_file:
        parser.error("--compare_response needs --response_file")
    if arguments.compare_response:
        run_command(lambda: compare(arguments))
    run_command(lambda: evaluate(arguments, arguments.role))


def evaluate(arguments: argparse.Namespace, role: Role) -> int:
    """Have one model answer the questions, and score its answers."""
    if arguments.dry_run:
        show_evaluation_plan(_evaluation(arguments, read_settings(arguments), role))
        return EXIT_OK
    order = make_order(arguments)
    evaluation = _evaluation(arguments, order.settings, role)
    roles = read_role_endpoints(evaluation.settings, os.environ, asked_roles([role]))
    return run_evaluation(
        evaluation._replace(endpoints=order.endpoints, role_endpoints=roles, lane=order.lane)
    )


def _evaluation(
    arguments: argparse.Namespace, settings: RunSettings, role: Role
) -> EvaluationOrder:
    """The order without what it is sent with."""
    return EvaluationOrder(
        RunFolder(arguments.run),
        with_usual_student(settings),
        endpoints=(),
        roles=[role],
        questions=read_questions(arguments.val_path),
    )


def compare(arguments: argparse.Namespace) -> int:
    """Print the comparison and write all answers. Sends nothing."""
    check_target(arguments.response_file)
    questions = frozenset(read_questions(arguments.val_path))
    folder, settings = RunFolder(arguments.run), with_usual_student(read_settings(arguments))
    evaluated = {sample.question for sample in read_evaluation(folder, settings).samples}
    if evaluated and questions != evaluated:
        raise ConfigError(
            f"{arguments.val_path}: is not what was evaluated last (questions that differ: "
            f"{len(questions ^ evaluated):,}): evaluate the models with this file first"
        )
    show_comparison(folder, settings, arguments.response_file)
    return EXIT_OK


if __name__ == "__main__":
    main()
