"""The child process of a training: task in on standard input, news out, weights on disk."""

import asyncio
import os
import resource
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import torch

from engine.errors import ConfigError, EngineError
from engine.files.replace import replace_file
from jobs.finetune.student.export.export_student import ExportedStudent, export_student
from jobs.finetune.student.parity.first_gate import pass_first_gate
from jobs.finetune.student.parity.gate_rows import read_gate_rows
from jobs.finetune.student.parity.pass_gate import pass_gate
from jobs.finetune.student.parity.report import ParityReport
from jobs.finetune.student.parity.trained import TrainedStudent
from jobs.finetune.student.source.chat_template import ChatTemplate, EncodedRow, Message
from jobs.finetune.student.source.find_student import Student, find_student
from jobs.finetune.student.training.checkpoint import write_tensors
from jobs.finetune.student.training.loop import (
    Trained,
    Training,
    TrainingRows,
    checkpoint_path,
)
from jobs.finetune.student.training.loss import RowLoss
from jobs.finetune.student.training.network import Network, load_weights
from jobs.finetune.student.training.plan import needed_bytes, require_room, sizes_of
from jobs.finetune.student.training.rows import encode_rows, encode_what_fits, other_text_rows
from jobs.finetune.student.training.task import TuningFacts, TuningNews, TuningTask
from jobs.finetune.student.tuned_student import (
    FACTS_NAME,
    TunedStudent,
    served_context,
    write_record,
)

WEIGHTS_NAME = "trained.safetensors"
NO_MEMORY = "not enough memory"  # what torch says where the machine refuses to give more


class Child:
    """Writes news as lines of JSON; what libraries print goes to standard error."""

    def __init__(self, parent: TextIO) -> None:
        self._parent = parent

    def report(self, news: TuningNews) -> None:
        """Tell the parent."""
        self._parent.write(news.model_dump_json() + "\n")
        self._parent.flush()


def main() -> int:
    """Train what standard input says; end with the parent, and say what went wrong in a line."""
    child = Child(_take_stdout())
    task = TuningTask.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        tune(task, child)
    except (EngineError, ArithmeticError) as error:
        child.report(TuningNews(kind="refused", message=_words(error)))
        return 2
    except RuntimeError as error:  # torch has no class of its own for a full CPU
        if not isinstance(error, torch.OutOfMemoryError) and NO_MEMORY not in str(error):
            raise
        advice = "take a smaller student, or shorter rows, or --set student.method=lora"
        child.report(TuningNews(kind="refused", message=f"the memory is full: {advice}"))
        return 2
    return 0


def tune(task: TuningTask, child: Child) -> None:
    """Take a task to its end: trained, exported, compared with what is served, recorded.

    Raises:
        ConfigError: student or rows cannot be used, or what is served is not what was trained.
        StorageError: the disk is full.
        ArithmeticError: the loss is no number any more.
    """
    set_up_torch(task.plan.threads)
    student = find_student(task.student)
    template = ChatTemplate(student.vocabulary(), str(student.path))
    rows = _read_rows(task, student, template, child)
    _require_gpu(task, student, rows)
    has_begun = checkpoint_path(task.folder).exists()  # and so has passed the gate
    if not (task.is_measured_only or has_begun):
        gate_rows = _gate_rows(task, student, template)
        asyncio.run(pass_first_gate(student.shape, template, gate_rows, folder=task.folder))
    network = build_network(task, student)
    training = Training(task, network, rows, child.report)
    trained = training.run()
    facts = _facts(trained, training.loss, rows)
    if task.is_measured_only:
        replace_file(task.folder / FACTS_NAME, [facts.model_dump_json().encode()])
    else:
        write_tensors(task.folder / WEIGHTS_NAME, trained.weights, {"job": task.job_name})
        trained_student = TrainedStudent(network, student, task.plan)
        write_record(task.folder, _export(task, student, template, trained_student, facts, child))
    _end(task, child, facts)


def _export(
    task: TuningTask,
    student: Student,
    template: ChatTemplate,
    trained: TrainedStudent,
    facts: TuningFacts,
    child: Child,
) -> TunedStudent:
    """Write all files, and compare what is served with what was trained; the record of both."""
    child.report(TuningNews(kind="said", message="exports: adapter, safetensors, GGUF"))
    exported = export_student(task, student, template, task.folder / WEIGHTS_NAME)
    child.report(TuningNews(kind="said", message="compares what is served with what was trained"))
    gate = pass_gate(
        exported,
        task.model_name,
        trained,
        template,
        _gate_rows(task, student, template),
        folder=task.folder,
        context_tokens=served_context(student.shape.context_tokens),
    )
    return _record(task, student, exported, facts, asyncio.run(gate))


def _gate_rows(task: TuningTask, student: Student, template: ChatTemplate) -> list[list[Message]]:
    path = task.validation_path or task.train_path
    most = served_context(student.shape.context_tokens)
    return read_gate_rows(path, template, most_tokens=most)


def set_up_torch(threads: int) -> None:
    """The same numbers in every call, as fast as that allows."""
    torch.set_num_threads(threads)
    # `use_deterministic_algorithms` does the same, but imports the compiler first, for 2 s.
    torch.set_deterministic_debug_mode("error")
    torch.utils.deterministic.fill_uninitialized_memory = False  # an eighth of the time of a step


def _end(task: TuningTask, child: Child, facts: TuningFacts) -> None:
    checkpoint_path(task.folder).unlink()  # four times the weights, of use to no later call
    child.report(TuningNews(kind="done", step=facts.steps, steps=facts.steps))


def _require_gpu(task: TuningTask, student: Student, rows: TrainingRows) -> None:
    """Refuse a GPU without room; a CPU's memory was looked at before this process was started."""
    if task.plan.device == "cuda":
        free, _ = torch.cuda.mem_get_info()
        require_room(
            needed=needed_bytes(task.plan, student.shape, sizes_of(rows.train, rows.validation)),
            free=free,
            what="memory of the GPU",
            advice="end other programs on it, take a smaller student, or a lower rank",
        )


def _record(
    task: TuningTask,
    student: Student,
    exported: ExportedStudent,
    facts: TuningFacts,
    parity: Sequence[ParityReport],
) -> TunedStudent:
    folder, adapter = task.folder, exported.adapter_path
    return TunedStudent(
        model_name=task.model_name,
        base_name=student.name,
        job_name=task.job_name,
        base_path=_within(exported.base_path, folder),
        served_path=_within(exported.served_path, folder),
        adapter_path=_within(adapter, folder) if adapter is not None else None,
        context_tokens=served_context(student.shape.context_tokens),
        plan=task.plan,
        facts=facts,
        parity=tuple(parity),
    )


def _within(path: Path, folder: Path) -> Path:
    """A path as the record has it: so that the run may be moved."""
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def build_network(task: TuningTask, student: Student) -> Network:
    """The student's network, with its weights, on the plan's device.

    Raises:
        ConfigError: a weight is missing or has another size.
    """
    plan = task.plan
    narrow = plan.method == "lora" and plan.precision == "bf16"
    network = Network(student.shape, recomputes=plan.recomputes)
    network.to(plan.device, torch.bfloat16 if narrow else torch.float32)
    try:
        load_weights(network, student.weights())
    except ValueError as error:
        raise ConfigError(f"{student.path}: {error}") from error
    return network


def _read_rows(
    task: TuningTask, student: Student, template: ChatTemplate, child: Child
) -> TrainingRows:
    most = student.shape.context_tokens
    validation = []
    if task.validation_path is not None:
        validation = encode_rows(task.validation_path, template, max_tokens=most)
    train = encode_rows(task.train_path, template, max_tokens=most)
    held_out = list[EncodedRow]()
    if task.held_out_path is not None:
        held_out, left_out = encode_what_fits(task.held_out_path, template, max_tokens=most)
        if left_out:
            news = f"held-out loss: {left_out} questions are longer than the student reads"
            child.report(TuningNews(kind="said", message=news))
    return TrainingRows(train, validation, held_out, other_text_rows(student.vocabulary()))


def _facts(trained: Trained, loss: RowLoss, rows: TrainingRows) -> TuningFacts:
    state = trained.state
    return TuningFacts(
        steps=state.step,
        best_step=state.best_step or state.step,
        loss_before=state.loss_before,
        loss_after=state.best_loss,
        held_out_count=len(rows.held_out),
        held_out_before=state.held_out_before,
        held_out_after=loss.mean(rows.held_out) if rows.held_out else None,
        text_loss_before=state.text_loss_before,
        text_loss_after=loss.mean(rows.other_text),
        trained_tokens=state.trained_tokens,
        trained_s=state.trained_s,
        peak_memory_bytes=_peak_memory_bytes(),
        curve=state.curve,
    )


def _peak_memory_bytes() -> int:
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux: in kilobytes


def _words(error: Exception) -> str:
    if isinstance(error, ArithmeticError):
        return f"{error}: the learning rate is too high (student.learning_rate)"
    return str(error)


def _take_stdout() -> TextIO:
    """Standard output, for the news alone; what libraries print goes to the log."""
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return ours


def _end_with_parent() -> None:
    """End at once when the pipe to the parent closes: another call may train the same."""
    while os.read(0, 1):  # not `sys.stdin`, whose lock would be held when this process ends
        pass
    os._exit(1)


if __name__ == "__main__":
    exit_code = main()
    sys.stderr.flush()
    os._exit(exit_code)  # at once: threads of libraries may still run
