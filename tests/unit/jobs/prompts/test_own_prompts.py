from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.run_folder import RunFolder
from jobs.dataset.stages import DATASET
from jobs.dataset.write_answers import write_answer
from jobs.documents.passages import Passages
from jobs.prompts import prompt_hashes, prompt_names, read_prompt, use_prompts
from jobs.prompts.own_prompts import MAX_BYTES, check_prompts, copy_prompts
from jobs.run.changes import find_changes
from jobs.settings.command import run_settings
from jobs.settings.run_config import new_run_config, with_settings
from schemas.settings import TeacherSettings
from tests.unit.jobs.dataset.teacher import SETTINGS, ScriptedTeacher, make_chunk
from tests.unit.jobs.dataset.test_write_answers import make_question

ANSWER = "write_answer.md"
USER = "write_answer_user.md"


@pytest.fixture(autouse=True)
def _ours_again() -> Iterator[None]:
    yield
    use_prompts(None)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    copy_prompts(folder)
    return folder


def test_a_copy_is_the_same_prompts(own: Path) -> None:
    ours = prompt_hashes()

    assert check_prompts(own) == []
    use_prompts(own)
    assert prompt_hashes() == ours
    assert (own / "judge" / "pair.md").exists()


def test_a_copy_adds_what_is_missing_and_overwrites_nothing(own: Path) -> None:
    (own / ANSWER).write_text("mine")
    (own / USER).unlink()

    assert copy_prompts(own) == [USER]
    assert (own / ANSWER).read_text() == "mine"


def test_an_edited_prompt_is_read_and_asks_anew(
    own: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    folder = RunFolder(own.parent / "run")
    before = new_run_config(run_settings(folder, None, {}, []))
    (own / ANSWER).write_text("Answer in rhyme.\n")

    settings = run_settings(folder, None, {"prompts_dir": str(own)}, [])

    assert read_prompt(ANSWER) == "Answer in rhyme."
    assert f"prompts are read from {own}; other than this version's: {ANSWER}" in caplog.messages
    (change,) = find_changes(before, with_settings(before, settings), DATASET)
    assert ANSWER in change.what
    assert change.asks_anew


def test_a_run_without_own_prompts_reads_ours(own: Path) -> None:
    (own / ANSWER).write_text("Answer in rhyme.\n")
    folder = RunFolder(own.parent / "run")
    run_settings(folder, None, {"prompts_dir": str(own)}, [])

    run_settings(folder, None, {}, [])

    assert read_prompt(ANSWER) != "Answer in rhyme."


def test_what_only_fits_the_small_model_is_no_prompt_of_ones_own() -> None:
    assert not [name for name in prompt_names() if name.endswith(".toml")]


Spoil = Callable[[Path], object]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_text(" \n"), "is empty"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "is no UTF-8 text"),
        (lambda path: path.write_text("x" * (MAX_BYTES + 1)), "is larger than"),
        (lambda path: path.write_text("no names at all"), "lacks $"),
        (lambda path: path.write_text(path.read_text() + " $else"), "has $else, expected $"),
        (lambda path: path.write_text(path.read_text() + " 5 $"), "write $$"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read"),
    ],
)
def test_a_prompt_of_no_use_is_told_in_one_message(own: Path, spoil: Spoil, told: str) -> None:
    spoil(own / USER)

    with pytest.raises(ConfigError) as refused:
        check_prompts(own)

    first, advice = str(refused.value).split("\n")
    assert first.startswith(f"{own / USER}: ")
    assert told in first
    assert f"distill prompts --copy {own}" in advice


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"prompts_dir: .* is no folder"):
        check_prompts(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("prompt", "shared"),
    [
        ("Lies:\n$text\n\nFrage: ${question}", "Lies:\n=== TEXT"),
        ("$question\n\n$text", ""),
        ("$text Q: $question", ""),
    ],
)
async def test_what_answers_share_is_found_in_a_prompt_of_ones_own(
    own: Path, prompt: str, shared: str
) -> None:
    (own / USER).write_text(prompt)
    use_prompts(own)
    teacher = ScriptedTeacher({"evidence": [], "answer": ""})
    cached = TeacherSettings(model="teacher-1", prompt_cache="on")

    await write_answer(
        make_question(),
        Passages(make_chunk()),
        teacher,
        SETTINGS.model_copy(update={"teacher": cached}),
    )

    (request,) = teacher.requests
    assert request.cache is not None
    ends = [each.chars for each in request.cache.prefixes if each.message == 1]
    assert len(ends) == bool(shared)
    assert teacher.messages()[1].startswith(shared)
    assert make_question().text not in teacher.messages()[1][: sum(ends)]
