"""Which model plays which role in an evaluation."""

from collections.abc import Collection, Mapping

from engine.files.records import read_records
from engine.run_folder import RunFolder
from engine.servers import OWN_SERVER
from engine.wire.prices import base_model
from jobs.dataset.rows.chat_rows import row_prompt
from jobs.finetune.student.source.student_names import student_name
from jobs.prompts import read_prompt
from jobs.settings.roles import ROLE_NAMES, RoleName, role_settings, server_of
from schemas.evaluation import ROLES, Mode, Role
from schemas.finetuning import TuningEvent
from schemas.parameters import reply_parameters
from schemas.record import content_id
from schemas.requests import Json
from schemas.settings import RunSettings


def evaluated_models(folder: RunFolder, settings: RunSettings) -> dict[Role, str]:
    """The model of each role, in the order of the roles; without `tuned` if nothing was tuned.

    The baseline is the model that the tuned one was made from; where that is not known,
    the teacher.

    Raises:
        DamagedLogError: a line of finetuning.jsonl is damaged.
    """
    teacher = settings.teacher.model
    models: dict[Role, str] = {
        "baseline": find_baseline(folder, settings) or teacher,
        "tuned": _find_tuned(folder, settings),
        "teacher": teacher,
    }
    return {role: models[role] for role in ROLES if models[role]}


def asked_roles(roles: Collection[Role]) -> list[RoleName]:
    """The roles beside the teacher that may be asked something if `roles` answer (none: all)."""
    return [role for role in ROLE_NAMES if role in ("judge", "embeddings", *(roles or ROLES))]


def answering_server(settings: RunSettings, role: Role) -> str:
    """The name of the server at which a role's model answers."""
    return OWN_SERVER if role == "teacher" else server_of(settings, role)


def answering_parameters(settings: RunSettings, role: Role) -> Mapping[str, Json]:
    """What is added to the bodies that a role's model answers."""
    if role == "teacher":
        return settings.teacher.parameters
    return role_settings(settings)[role].parameters


def find_baseline(folder: RunFolder, settings: RunSettings) -> str:
    """The untuned student, by settings, tuning job or the tuned one's name; empty: unknown."""
    if settings.baseline.model:
        return settings.baseline.model
    tuned = _find_tuned(folder, settings)
    events = read_records(folder.finetuning_path, TuningEvent)
    of_job = next((e.base_model for e in events if tuned and e.tuned_model == tuned), "")
    of_name = base_model(tuned) if base_model(tuned) != tuned else ""
    if settings.student.trainer == "local":
        return of_job or student_name(settings.student.model)
    return of_job or of_name or settings.student.model


def _find_tuned(folder: RunFolder, settings: RunSettings) -> str:
    return settings.tuned.model or _last_tuned_model(folder)


def _last_tuned_model(folder: RunFolder) -> str:
    events = read_records(folder.finetuning_path, TuningEvent)
    return next(reversed([event.tuned_model for event in events if event.tuned_model]), "")


def answer_id(sample_id: str, role: Role, model: str, mode: Mode, settings: RunSettings) -> str:
    """A hash of sample, role, model, mode, system message and parameters."""
    return content_id(
        "model_answer",
        sample_id,
        role,
        model,
        mode,
        read_prompt(row_prompt(settings.dataset, closed_book=mode == "closed")),
        settings.evaluation.answer_max_output_tokens,
        settings.evaluation.temperature,
        *filter(None, [reply_parameters(answering_parameters(settings, role))]),
    )
