"""`distill chat`: ask the tuned student from the terminal."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import ConfigError
from engine.wire.server_text import without_controls
from jobs.commands.options import Assignments, BegunRun

if TYPE_CHECKING:
    from jobs.evaluation.ask_student import StudentChat


def chat(
    run_dir: BegunRun,
    question: Annotated[
        str | None, typer.Argument(metavar="[QUESTION]", help="One question; without: many.")
    ] = None,
    untuned: Annotated[
        bool, typer.Option("--untuned", help="Ask the student as it was before.")
    ] = False,
    closed: Annotated[
        bool, typer.Option("--closed", help="Without an excerpt of your documents in view.")
    ] = False,
    assignments: Assignments = None,
) -> None:
    """Ask the tuned student questions, each with the best excerpt of the run's documents."""
    from engine.run_folder import RunFolder
    from jobs.evaluation.ask_student import StudentChat
    from jobs.evaluation.serve_student import tuned_students
    from jobs.process import run_to_end
    from jobs.settings.command import run_settings

    folder = RunFolder(run_dir)
    settings = run_settings(folder, None, {}, assignments or [])
    students = tuned_students(folder, settings)
    asked = StudentChat(
        folder,
        settings,
        students,
        name=students[0 if untuned else -1].name,
        is_closed=closed or settings.dataset.closed_book,
    )
    run_to_end(_chat(asked, question))


async def _chat(asked: "StudentChat", question: str | None) -> None:
    async with asked:
        if question is not None:
            await _ask(asked, question)
            return
        refused_count = 0
        for each in _typed():
            try:
                await _ask(asked, each)
            except ConfigError as error:
                refused_count += 1
                print(f"distill: {error}", file=sys.stderr)
    if refused_count and not sys.stdin.isatty():
        raise ConfigError(f"without an answer: {refused_count:,} questions")


async def _ask(asked: "StudentChat", question: str) -> None:
    reply = await asked.answer(question)
    if reply.place:
        print(f"[{reply.place}]")
    is_read = sys.stdout.isatty()  # a terminal: no model may move the cursor there
    print(without_controls(reply.text) if is_read else reply.text, flush=True)


def _typed() -> Iterator[str]:
    """The lines of standard input: on a terminal until an empty one, else all but empty ones."""
    is_terminal = sys.stdin.isatty()
    while True:
        if is_terminal:
            print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.buffer.readline()
        if not line or (is_terminal and not line.strip()):
            return
        if line.strip():
            yield line.strip().decode(sys.stdin.encoding, "surrogateescape")
