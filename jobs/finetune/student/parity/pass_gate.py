"""Serves what was exported, and compares it with what was trained."""

from collections.abc import Sequence
from pathlib import Path

import aiohttp
from pydantic import TypeAdapter

from engine.errors import ConfigError
from engine.files.replace import replace_file
from engine.local.student_model import ServedStudent, StudentModel
from jobs.finetune.student.export.export_student import ExportedStudent
from jobs.finetune.student.parity.check_parity import ParityGate
from jobs.finetune.student.parity.report import ParityReport
from jobs.finetune.student.parity.served import ServedStudentClient
from jobs.finetune.student.parity.trained import TrainedStudent
from jobs.finetune.student.source.chat_template import ChatTemplate, Message

LOG_NAME = "served.log"
REPORTS_NAME = "parity.json"
REPORTS = TypeAdapter(list[ParityReport])


async def pass_gate(
    exported: ExportedStudent,
    name: str,
    trained: TrainedStudent,
    template: ChatTemplate,
    rows: Sequence[Sequence[Message]],
    *,
    folder: Path,
    context_tokens: int,
) -> list[ParityReport]:
    """A report of each file that is meant to be served, all of which pass; `folder` has them too.

    Raises:
        ConfigError: one does not, the server does not start, or it refuses a call.
    """
    served = {path.name: ServedStudent(name, path) for path in exported.form_paths.values()}
    if exported.adapter_path is not None:
        adapter = exported.adapter_path
        served[adapter.name] = ServedStudent(name, exported.base_path, adapter)
    reports = []
    for file, student in served.items():
        model = StudentModel([student._replace(context_tokens=context_tokens)], folder / LOG_NAME)
        async with model, aiohttp.ClientSession() as session:
            client = ServedStudentClient(session, model.base_url, model.api_key, name)
            gate = ParityGate(client, trained, template)
            report = await gate.check(rows, model_name=name, file=file)
            reports.append(report.model_copy(update={"memory_bytes": model.peak_memory_bytes}))
    replace_file(folder / REPORTS_NAME, [REPORTS.dump_json(reports, indent=1)])
    require_parity(reports)
    return reports


def require_parity(reports: Sequence[ParityReport]) -> None:
    """Refuse a student that answers otherwise than it was trained to.

    Raises:
        ConfigError: a check failed; names each with its cause.
    """
    problems = [f"{each.file}: {problem}" for each in reports for problem in each.problems()]
    if problems:
        raise ConfigError(
            "\n".join(["the student was trained, but what is served is not it:", *problems])
        )
