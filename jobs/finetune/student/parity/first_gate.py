"""Whether llama.cpp writes and cuts prompts as the student will learn them, before it learns."""

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import numpy as np

from engine.errors import ConfigError
from engine.local.student_model import ServedStudent, StudentModel
from jobs.finetune.student.export.gguf_model import GgufModel, write_gguf
from jobs.finetune.student.parity.check_prompts import check_prompts
from jobs.finetune.student.parity.report import ParityCheck
from jobs.finetune.student.parity.served import ServedStudentClient
from jobs.finetune.student.source.chat_template import ChatTemplate, Message
from jobs.finetune.student.source.gguf_file import Floats
from jobs.finetune.student.source.shape import StudentShape
from jobs.finetune.student.source.weights_of_shape import weight_sizes
from jobs.finetune.student.tuned_student import served_context

FILE_NAME = "first_gate.gguf"
LOG_NAME = "first_gate.log"


async def pass_first_gate(
    shape: StudentShape,
    template: ChatTemplate,
    rows: Sequence[Sequence[Message]],
    *,
    folder: Path,
) -> None:
    """Serve the student's vocabulary and template over a network of one narrow layer, and compare.

    It takes a second or two, and some MB in `folder` meanwhile.

    Raises:
        ConfigError: prompts, tokens or the end differ (names each), or llama.cpp cannot read them.
    """
    path = folder / FILE_NAME
    small = narrow(shape)
    model = GgufModel("narrow", small, template.vocabulary)
    try:
        write_gguf(path, model, _zeros(small), "f16")
        served = ServedStudent("narrow", path, context_tokens=served_context(shape.context_tokens))
        checks = await _checks_of(served, template, rows, folder / LOG_NAME)
    finally:
        path.unlink(missing_ok=True)
    problems = [f"{check.name}: {check.words}" for check in checks if not check.is_passed]
    if problems:
        first = "nothing was trained: llama.cpp would ask this student otherwise than it learns:"
        raise ConfigError("\n".join([first, *problems]))


async def _checks_of(
    served: ServedStudent, template: ChatTemplate, rows: Sequence[Sequence[Message]], log_path: Path
) -> list[ParityCheck]:
    async with AsyncExitStack() as opened:
        try:
            server = await opened.enter_async_context(StudentModel([served], log_path))
        except ConfigError as error:
            raise ConfigError(
                "nothing was trained: llama.cpp cannot serve a student with this vocabulary and "
                f"chat template; {log_path} may say why, and `--trainer export` writes the rows "
                "for another trainer"
            ) from error
        session = await opened.enter_async_context(aiohttp.ClientSession())
        client = ServedStudentClient(session, server.base_url, server.api_key, served.name)
        return await check_prompts(client, template, rows)


def narrow(shape: StudentShape) -> StudentShape:
    """A network that is as small as llama.cpp takes it, with the same vocabulary and context."""
    return shape.model_copy(
        update={
            "hidden_size": 32,
            "inner_size": 32,
            "layer_count": 1,
            "head_count": 1,
            "kv_head_count": 1,
            "head_size": 32,
            "rope_factors": (),
            "ties_embeddings": True,
        }
    )


def _zeros(shape: StudentShape) -> Iterator[tuple[str, Floats]]:
    return ((name, np.zeros(size, np.float32)) for name, size in weight_sizes(shape).items())
