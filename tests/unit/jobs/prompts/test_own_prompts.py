from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.run_folder import RunFolder
from jobs.dataset.small.prompts import question_prompt
from jobs.dataset.stages import DATASET
from jobs.dataset.write_answers import write_answer
from jobs.documents.passages import Passages
from jobs.prompts import prompt_hashes, prompt_names, read_prompt, use_prompts
from jobs.prompts.own_prompts import MAX_BYTES, SHOWN_COUNT, check_prompts, copy_prompts
from jobs.run.changing.changes import find_changes
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

    assert check_prompts(own) == ([], [])
    use_prompts(own)
    assert prompt_hashes() == ours
    assert (own / "judge" / "pair.md").exists()


def test_every_prompt_of_ours_is_of_use_with_an_edit(own: Path) -> None:
    for name in prompt_names():
        edit = "# mine\n" if name.endswith(".toml") else "Mine.\n"
        (own / name).write_text(f"{edit}{(own / name).read_text()}")

    assert check_prompts(own) == (list(prompt_names()), [])


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


def test_the_small_models_prompts_are_replaced_too(own: Path) -> None:
    path = own / "small_questions.toml"
    folder = RunFolder(own.parent / "run")
    flags = {"teacher.provider": "local"}
    before = new_run_config(run_settings(folder, None, flags, []))
    path.write_text(path.read_text().replace("You write one question", "Ask one question"))

    settings = run_settings(folder, None, {**flags, "prompts_dir": str(own)}, [])

    assert question_prompt().system.startswith("Ask one question")
    (change,) = find_changes(before, with_settings(before, settings), DATASET)
    assert path.name in change.what
    assert change.asks_anew


TABLE = "small_questions.toml"


FAULTS_OF_TABLE = (  # what is written in the place of what, and what is told
    ("system = ", "system : ", "is no TOML"),
    ("max_output_tokens = 50", "max_output_tokens = 0", "max_output_tokens: expected a number"),
    ("min_similarity = 0.55\n", "", "min_similarity: is missing"),
    ("min_similarity", "least_similarity", "least_similarity: is no name of this file"),
    ('kind = "why"', 'kind = "whence"', "openings, number 2, kind: expected"),
    ("{subject}{copula} (?:an?", "{subjekt}{copula} (?:an?", "when: has {subjekt}, expected"),
    ('"^What {copula} {subject}[?]$"', '"What {copula}?"', "begins with ^ and ends with $"),
    ('"^What {copula} {subject}[?]$"', '"^What {modal}$"', "number 1, pattern: has {modal}"),
    ("^{subject}{modal} {passive} (?:by", "^{subject}{modal} {passive} ((?:by", "no regular"),
)


def test_a_table_of_the_small_model_that_is_of_no_use_is_told(own: Path) -> None:
    text = (own / TABLE).read_text()
    for old, new, told in FAULTS_OF_TABLE:
        assert old in text
        (own / TABLE).write_text(text.replace(old, new, 1))

        with pytest.raises(ConfigError) as refused:
            check_prompts(own)

        first, _ = str(refused.value).split("\n")
        assert first.startswith(f"{own / TABLE}: ")
        assert told in first


def test_files_that_are_no_prompt_are_named_with_what_may_be_meant(
    own: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (own / "write_anwser.md").write_text("mine")
    (own / "statements.md").write_text("mine")
    (own / "zzz").write_text("mine")
    (own / ".DS_Store").write_text("")

    strays = check_prompts(own).strays
    run_settings(RunFolder(own.parent / "run"), None, {"prompts_dir": str(own)}, [])

    assert strays == [
        f"{own}/statements.md: is not used: no prompt has this name; did you mean "
        "judge/statements.md?",
        f"{own}/write_anwser.md: is not used: no prompt has this name; did you mean "
        "write_answer.md?",
        f"{own}/zzz: is not used: no prompt has this name",
    ]
    assert [each.message for each in caplog.records if each.levelname == "WARNING"] == strays


def test_many_files_that_are_no_prompt_are_counted(own: Path) -> None:
    for number in range(SHOWN_COUNT + 2):
        (own / f"{number}.txt").write_text("")

    assert check_prompts(own).strays[-1] == f"{own}: and 2 more files that are no prompt"


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
