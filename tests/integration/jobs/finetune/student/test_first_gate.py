"""Before a training, llama.cpp is seen to write and cut prompts as the student will learn them."""

from pathlib import Path

import aiohttp
import pytest

from engine.errors import ConfigError
from engine.local.student_model import ServedStudent, StudentModel
from jobs.finetune.student.export.gguf_model import GgufModel, write_header
from jobs.finetune.student.parity.first_gate import FILE_NAME, pass_first_gate
from jobs.finetune.student.parity.served import ServedStudentClient
from jobs.finetune.student.source.chat_template import ChatTemplate, Message
from jobs.finetune.student.source.find_student import Student, find_student
from jobs.finetune.student.source.shape import Family
from jobs.finetune.student.source.weights_of_shape import gguf_names
from tests.unit.jobs.finetune.student.own_templates import (
    IS_UNKNOWN_TO_LLAMA_CPP,
    REFUSES_SYSTEM,
    THINKS,
    WRITES_BOS,
    WRITES_DATE,
    WRITES_USUAL_SYSTEM,
)
from tests.unit.jobs.finetune.student.tiny_students import (
    TEMPLATE,
    make_folder,
    make_gguf,
    tiny_shape,
)

ROWS: list[list[Message]] = [
    [
        {"role": "user", "content": f" Excerpt {n}: the tide's in 1{n}42.\n\nWhere? "},
        {"role": "assistant", "content": f"In 1{n}42, the tide."},
    ]
    for n in range(2)
]


def folder_with(tmp_path: Path, template: str, family: Family = "llama") -> Path:
    return make_folder(tmp_path / "student", tiny_shape(family), template=template)


async def check(student: Student, tmp_path: Path) -> None:
    template = ChatTemplate(student.vocabulary(), str(student.path))
    await pass_first_gate(student.shape, template, ROWS, folder=tmp_path)


@pytest.mark.parametrize(
    ("family", "template"),
    [
        ("llama", WRITES_BOS),
        ("llama", WRITES_DATE),
        ("qwen2", WRITES_USUAL_SYSTEM),
        ("qwen2", REFUSES_SYSTEM),
        ("qwen3", THINKS),
    ],
)
async def test_templates_as_real_students_have_them_pass(
    tmp_path: Path, family: Family, template: str
) -> None:
    await check(find_student(str(folder_with(tmp_path, template, family))), tmp_path)

    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize("is_said", [True, False])
@pytest.mark.parametrize("template", [TEMPLATE.replace("<|turn|>", "# "), WRITES_BOS])
async def test_a_bos_that_llama_cpp_adds_is_learnt(
    tmp_path: Path, template: str, is_said: bool
) -> None:
    """As GGUFs of Llama 3 have it: the header says so, or the splitter alone does."""
    from gguf import GGUFWriter

    folder = find_student(str(folder_with(tmp_path, template)))
    vocabulary = folder.vocabulary()
    table = vocabulary.table._replace(splitter="llama-bpe")
    path, names = tmp_path / "student.gguf", dict(gguf_names(folder.shape))
    writer = GGUFWriter(path, "llama")
    model = GgufModel("tiny", folder.shape, vocabulary._replace(adds_bos=True, table=table))
    write_header(writer, model, "f16")
    if not is_said:
        del writer.kv_data[0]["tokenizer.ggml.add_bos_token"]
    for name, values in folder.weights():
        writer.add_tensor(names[name], values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    student = find_student(str(path))

    await check(student, tmp_path)

    assert student.vocabulary().adds_bos


async def test_a_template_that_llama_cpp_reads_otherwise_is_named_before_anything_is_learnt(
    tmp_path: Path,
) -> None:
    student = find_student(str(folder_with(tmp_path, IS_UNKNOWN_TO_LLAMA_CPP)))

    with pytest.raises(ConfigError, match=r"nothing was trained: llama\.cpp cannot serve a "):
        await check(student, tmp_path)

    assert not (tmp_path / FILE_NAME).exists()


async def test_an_untuned_student_that_could_think_is_asked_as_it_would_learn(
    tmp_path: Path,
) -> None:
    """Its own file, as it is the baseline before anything is tuned: nothing in it is settled."""
    path = make_gguf(tmp_path / "student.gguf", tiny_shape("qwen3"), template=THINKS)
    template = ChatTemplate(find_student(str(path)).vocabulary(), "tiny")
    served = ServedStudent("tiny", path, context_tokens=512)

    async with (
        StudentModel([served], tmp_path / "served.log") as model,
        aiohttp.ClientSession() as session,
    ):
        client = ServedStudentClient(session, model.base_url, model.api_key, "tiny")
        prompt = await client.prompt(ROWS[0][:-1])

    assert prompt == template.prompt(ROWS[0][:-1])
    assert prompt.endswith("<think>\n\n</think>\n\n")
