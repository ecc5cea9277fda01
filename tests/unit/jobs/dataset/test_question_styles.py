"""In whose words a chunk is asked about, and by how long instructions."""

from collections import Counter

from jobs.dataset.questions.write_questions import write_questions
from jobs.settings.resolve import read_assignments, resolve_settings
from schemas.settings import QuestionSettings
from tests.unit.jobs.dataset.teacher import (
    SETTINGS,
    WHY,
    ScriptedTeacher,
    make_chunk,
    reply_with,
)

PERSONAS = ("a beginner", "an auditor who pays $5")


async def ask_as_personas(count: int, *assignments: str) -> list[str]:
    """What comes behind the text in the prompts about so many chunks."""
    settings = SETTINGS.model_copy(
        update={
            "questions": QuestionSettings(personas=PERSONAS),
            "split": resolve_settings([read_assignments(assignments)]).split,
        }
    )
    asked = []
    for start in range(count):
        teacher = ScriptedTeacher({"questions": []})
        await write_questions(make_chunk(start_char=start), teacher, settings)
        asked.append(teacher.messages()[1].rpartition("=== END ")[2])
    return asked


async def test_personas_are_rotated_by_chunk_and_the_same_at_every_call() -> None:
    asked = await ask_as_personas(40)

    shares = Counter(next(each for each in PERSONAS if each in user) for user in asked)

    assert all(count >= 10 for count in shares.values())
    assert len(shares) == 2
    assert await ask_as_personas(1) == asked[:1]


async def test_another_seed_gives_chunks_other_personas() -> None:
    assert await ask_as_personas(20, "split.seed=1") != await ask_as_personas(20)


async def test_concise_instructions_ask_for_the_same_reply() -> None:
    teachers = []
    for profile in ("standard", "concise"):
        settings = resolve_settings(
            [read_assignments(["teacher.model=m", f"teacher.prompt_profile={profile}"])]
        )
        teachers.append(ScriptedTeacher(reply_with(([1], WHY))))
        await write_questions(make_chunk(), teachers[-1], settings)

    standard, concise = (teacher.body() for teacher in teachers)
    assert standard["response_format"] == concise["response_format"]
    assert teachers[0].messages()[1] == teachers[1].messages()[1]
    assert len(teachers[1].messages()[0]) < 0.6 * len(teachers[0].messages()[0])
