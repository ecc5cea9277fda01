"""`distill serve`: the tuned student behind an OpenAI interface, until it is stopped."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import ConfigError, InterruptedRunError
from jobs.commands.options import Assignments, BegunRun

if TYPE_CHECKING:
    from engine.local.student_model import StudentModel

DEFAULT_PORT = 8090
GRACE_S = 10.0  # for the server to end


def serve(
    run_dir: BegunRun,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="The port on this machine; 0: a free one.")
    ] = DEFAULT_PORT,
    key_variable: Annotated[
        str, typer.Option(help="The environment variable with the key; without: a random key.")
    ] = "",
    assignments: Assignments = None,
) -> None:
    """Serve the tuned student, and the untuned one beside it, to programs on this machine."""
    from engine.local.student_model import StudentModel
    from engine.run_folder import RunFolder
    from jobs.evaluation.serve_student import tuned_students
    from jobs.process import run_to_end
    from jobs.settings.command import run_settings

    folder = RunFolder(run_dir)
    students = tuned_students(folder, run_settings(folder, None, {}, assignments or []))
    key = os.environ.get(key_variable, "") if key_variable else ""
    if key_variable and not key:
        raise ConfigError(f"set the environment variable {key_variable} to the key")
    model = StudentModel(students, folder.student_log_path, port=port, api_key=key)
    run_to_end(_serve(model, [student.name for student in students], key_variable))


async def _serve(model: "StudentModel", names: list[str], key_variable: str) -> None:
    from engine.clock import SystemClock
    from engine.stopping import Admission, Stopping, stop_on_signals

    stopping, admission = Stopping(), Admission(SystemClock())
    stopping.on_request(admission.close)
    with stop_on_signals(stopping, grace_s=GRACE_S):
        async with model:
            shown = f"in {key_variable}" if key_variable else model.api_key
            print(f"{'address':<10} {model.base_url}")
            print(f"{'key':<10} {shown}")
            print(f"{'models':<10} {names[-1]} (tuned), {names[0]} (untuned)")
            print("Ctrl-C ends it", flush=True)
            try:
                await admission.wait(model.ended())
            except InterruptedRunError:
                return
    raise ConfigError("the student's server has ended by itself; student.log may say why")
