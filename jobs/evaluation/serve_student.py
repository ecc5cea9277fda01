"""The student that was tuned here, served for as long as an evaluation lasts."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from engine.errors import ConfigError
from engine.local.student_model import ServedStudent, StudentModel
from engine.run_folder import RunFolder
from engine.wire.endpoints import Endpoint
from jobs.evaluation.evaluated_models import evaluated_models
from jobs.finetune.student.source.find_student import find_student
from jobs.finetune.student.tuned_student import find_tuned, served_context
from jobs.settings.roles import STUDENT_SERVER, is_served_here
from jobs.settings.run_config import require_run
from schemas.evaluation import Role
from schemas.settings import RunSettings

AT_ONCE = 2  # one answers, one waits: more would wait until they time out


@asynccontextmanager
async def student_served(
    folder: RunFolder, settings: RunSettings, models: Mapping[Role, str]
) -> AsyncIterator[dict[str, Endpoint]]:
    """The endpoint of untuned and tuned student, by name of the server; none if no role needs it.

    Raises:
        ConfigError: a student cannot be served, or its server does not start.
        DamagedLogError: the record of a tuned student cannot be read.
    """
    if not is_student_asked(settings, models):
        yield {}
        return
    students = find_served(folder, settings, models.get("tuned", ""))
    async with StudentModel(students, folder.student_log_path) as model:
        yield {
            STUDENT_SERVER: Endpoint(model.base_url, model.api_key, max_in_flight=AT_ONCE),
        }


def find_served(folder: RunFolder, settings: RunSettings, tuned_name: str) -> list[ServedStudent]:
    """The untuned and the tuned student, as llama.cpp serves them; untuned alone if none is tuned.

    Raises:
        ConfigError: it was tuned elsewhere; none was, and the untuned is no GGUF; a file is gone.
        DamagedLogError: the record of a tuned student cannot be read.
    """
    found = find_tuned(folder, tuned_name)
    if found is not None:
        path, tuned = found
        served = tuned.served(path.resolve())
        for each in served:
            _require_file(each.model_path)
        return served
    if tuned_name:
        raise ConfigError(
            f"{tuned_name}: was not tuned on this machine, where student.trainer says that the "
            "student is: name its address with --set tuned.base_url=ADDRESS and its model with "
            f"--set tuned.model={tuned_name}, or tune here first"
        )
    student = find_student(settings.student.model)
    if not student.path.is_file():
        raise ConfigError(
            f"{student.path}: is no GGUF, so it is served once it was tuned: "
            f"`distill finetune {folder.run_dir} --trainer local` comes first"
        )
    context = served_context(student.shape.context_tokens)
    return [ServedStudent(student.name, student.path, context_tokens=context)]


def tuned_students(folder: RunFolder, settings: RunSettings) -> list[ServedStudent]:
    """Untuned and tuned student of a run, the tuned one last.

    Raises:
        ConfigError: there is no run, or none was tuned here.
        DamagedLogError: a file of the run is damaged.
    """
    require_run(folder.run_dir)
    name = evaluated_models(folder, settings).get("tuned", "")
    if find_tuned(folder, name) is None:
        raise ConfigError(
            f"{folder.run_dir}: no student was tuned here: `distill finetune {folder.run_dir} "
            "--trainer local` comes first"
        )
    return find_served(folder, settings, name)


def is_student_asked(settings: RunSettings, roles: Iterable[Role]) -> bool:
    """Whether one of these roles is played by a student that is served for the call."""
    return any(role != "teacher" and is_served_here(settings, role) for role in roles)


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise ConfigError(
            f"{path}: is not there, and a tuned student needs it: put it back, or delete the "
            "student's folder and tune anew"
        )
