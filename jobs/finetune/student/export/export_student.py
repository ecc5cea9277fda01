"""All files of a tuned student, each with a card that says what it is."""

from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from engine.files.replace import replace_file
from jobs.finetune.student.export.adapter import write_gguf_adapter, write_peft_adapter
from jobs.finetune.student.export.gguf_model import GgufForm, GgufModel, write_gguf
from jobs.finetune.student.export.merged_folder import write_merged_folder
from jobs.finetune.student.export.merged_weights import merged_weights, read_learnt
from jobs.finetune.student.export.modelfile import write_modelfile
from jobs.finetune.student.export.whole_files import replacing_folder
from jobs.finetune.student.source.chat_template import ChatTemplate
from jobs.finetune.student.source.find_student import Student
from jobs.finetune.student.source.vocabulary import Vocabulary
from jobs.finetune.student.training.task import TuningTask

FORMS: tuple[GgufForm, ...] = ("f16", "q8_0")
SERVED_FORM: GgufForm = "q8_0"  # half the memory of f16, twice as fast on a CPU
CARD_NAME = "README.md"


class ExportedStudent(NamedTuple):
    """The files that are served: base and adapter, or base and the whole tuned model."""

    base_path: Path
    served_path: Path
    adapter_path: Path | None
    form_paths: dict[GgufForm, Path]


def export_student(
    task: TuningTask, student: Student, template: ChatTemplate, learnt_path: Path
) -> ExportedStudent:
    """Write all files anew, one model at a time in memory.

    Raises:
        StorageError: the disk refused one.
    """
    learnt, plan, folder = read_learnt(learnt_path), task.plan, task.folder
    vocabulary = template.vocabulary
    gguf_dir = folder / "gguf"
    gguf_dir.mkdir(exist_ok=True)
    model = GgufModel(task.model_name, student.shape, vocabulary)
    forms: dict[GgufForm, Path] = {}
    for form in FORMS:
        forms[form] = gguf_dir / f"{task.model_name}-{form}.gguf"
        write_gguf(forms[form], model, merged_weights(student, learnt, plan), form)
    served_name = forms[SERVED_FORM].name
    write_modelfile(gguf_dir / "Modelfile", served_name, template, task.system)
    with replacing_folder(folder / "merged") as merged_dir:
        weights = merged_weights(student, learnt, plan)
        write_merged_folder(merged_dir, student, vocabulary, weights)
        _write_card(merged_dir, "merged_card.md", task, student)
    base_path = _base_gguf(gguf_dir, student, vocabulary)
    if plan.method == "full":
        _write_card(gguf_dir, "gguf_card.md", task, student)
        return ExportedStudent(base_path, forms[SERVED_FORM], None, forms)
    with replacing_folder(folder / "adapter") as adapter_dir:
        write_peft_adapter(adapter_dir, learnt, plan, student.name)
        _write_card(adapter_dir, "adapter_card.md", task, student)
    adapter_path = gguf_dir / f"{task.model_name}-adapter.gguf"
    write_gguf_adapter(adapter_path, learnt, plan, student.shape)
    _write_card(gguf_dir, "gguf_card.md", task, student)
    return ExportedStudent(base_path, base_path, adapter_path, forms)


def _base_gguf(gguf_dir: Path, student: Student, vocabulary: Vocabulary) -> Path:
    """The untuned student as llama.cpp serves it with the template of the tuned one.

    That is its own GGUF, if this template stands in it, or one that is made.
    """
    if student.template_of_gguf == vocabulary.template:
        return student.path
    path = gguf_dir / f"{student.name}-untuned-{SERVED_FORM}.gguf"
    if not path.exists():
        model = GgufModel(student.name, student.shape, vocabulary)
        write_gguf(path, model, student.weights(), SERVED_FORM)
    return path


def _rows_of_files(folder: Path, student: Student) -> str:
    """A row of a table for each file of the folder that a card has words for."""
    meanings = {
        "-f16.gguf": "the whole model, 16 bits a weight",
        "-untuned-q8_0.gguf": f"{student.name} as it was before, to compare with",
        "-q8_0.gguf": "the whole model, about 8.5 bits a weight",
        "-adapter.gguf": f"what was learnt alone, for use over a GGUF of {student.name}",
        "Modelfile": "for Ollama: template, end tokens and system message as they were trained",
    }
    rows = (
        f"| `{path.name}` | {words} |"
        for path in sorted(folder.iterdir())
        if (words := next((w for end, w in meanings.items() if path.name.endswith(end)), ""))
    )
    return "\n".join(rows)


def _write_card(folder: Path, template_name: str, task: TuningTask, student: Student) -> None:
    text = files("jobs.finetune.student.export").joinpath(template_name).read_text("utf-8")
    plan = task.plan
    learnt = "all weights" if plan.method == "full" else f"adapters of rank {plan.rank}"
    filled = (
        text.replace("{{model}}", task.model_name)
        .replace("{{base}}", student.name)
        .replace("{{base_place}}", task.student or student.name)
        .replace("{{learnt}}", f"{learnt}, at most {plan.epochs} epochs, rate {plan.rate:g}")
        .replace("{{rows}}", f"{task.row_count:,}")
        .replace("{{job}}", task.job_name)
        .replace("{{files}}", _rows_of_files(folder, student))
    )
    replace_file(folder / CARD_NAME, [line.encode() for line in filled.splitlines()])
