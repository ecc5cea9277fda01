"""Ollama asks as the student was trained: with the system message of its rows, or with none."""

from pathlib import Path

from jobs.finetune.student.export.modelfile import write_modelfile
from jobs.finetune.student.source.chat_template import ChatTemplate
from jobs.finetune.student.source.find_student import find_student
from jobs.finetune.student.source.settled_template import settled_template
from tests.rows import each_row
from tests.unit.jobs.finetune.student.own_templates import (
    REFUSES_SYSTEM,
    THINKS,
    WRITES_USUAL_SYSTEM,
)
from tests.unit.jobs.finetune.student.tiny_students import END, START, TEMPLATE, make_folder

ASKED = f"{START}user\n{{{{ .Prompt }}}}{END}\n{START}assistant\n"
TOLD = f"{START}system\n{{{{ .System }}}}{END}\n"


def modelfile_of(tmp_path: Path, template: str, system: str) -> str:
    vocabulary = find_student(str(make_folder(tmp_path / "tiny"))).vocabulary()
    vocabulary = vocabulary._replace(template=settled_template(template))
    write_modelfile(tmp_path / "Modelfile", "x.gguf", ChatTemplate(vocabulary, "tiny"), system)
    return (tmp_path / "Modelfile").read_text()


def template_in(modelfile: str) -> str:
    return modelfile.partition('TEMPLATE """')[2].partition('"""')[0]


@each_row(
    "template, expected",
    [
        (TEMPLATE, f"{{{{ if .System }}}}{TOLD}{ASKED}{{{{ else }}}}{ASKED}{{{{ end }}}}"),
        (
            WRITES_USUAL_SYSTEM,
            f"{{{{ if .System }}}}{TOLD}{ASKED}{{{{ else }}}}"
            f"{START}system\nBe kind.{END}\n{ASKED}{{{{ end }}}}",
        ),
        (REFUSES_SYSTEM, ASKED),
    ],
)
def test_a_prompt_is_what_the_students_template_writes(
    tmp_path: Path, template: str, expected: str
) -> None:
    assert template_in(modelfile_of(tmp_path, template, "")) == expected


def test_a_student_that_could_think_does_not(tmp_path: Path) -> None:
    written = template_in(modelfile_of(tmp_path, THINKS, ""))

    assert written.count("assistant\n<think>\n\n</think>\n\n") == 2


@each_row(
    "system, expected",
    [
        ("Answer.\nBriefly.", 'SYSTEM """Answer.\nBriefly."""\n'),
        ("", "PARAMETER temperature 0\n"),
        ('Say """yes""".', "# Give the system message of the rows with each call: "),
    ],
)
def test_the_system_message_is_there_if_the_rows_have_one(
    tmp_path: Path, system: str, expected: str
) -> None:
    modelfile = modelfile_of(tmp_path, TEMPLATE, system)

    assert expected in modelfile
    assert ("\nSYSTEM" in modelfile) == expected.startswith("SYSTEM")
