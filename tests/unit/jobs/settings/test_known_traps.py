from jobs.settings.known_traps import dataset_traps, evaluation_traps
from jobs.settings.resolve import read_assignments, resolve_settings
from tests.rows import each_row


def traps_of(*assignments: str) -> list[str]:
    return list(dataset_traps(resolve_settings([read_assignments(assignments)])))


@each_row("model", ["gpt-6.1-terra", "gpt-5.4", "o4-mini", "ft:gpt-6-luna:o::1"])
def test_reasoning_model_with_a_small_output_limit_is_named(model: str) -> None:
    small = ["questions.max_output_tokens=700", "answers.max_output_tokens=900"]
    questions, answers = traps_of(f"teacher.model={model}", *small)

    assert questions.startswith(f"questions.max_output_tokens is 700: {model} reasons")
    assert answers.startswith("answers.max_output_tokens is 900")
    assert "2,000 or more" in questions


@each_row(
    "assignments",
    [
        [],
        ["teacher.model=gpt-5.4"],
        ["teacher.model=gpt-4.1-mini"],
        ["teacher.model=gpt-6-luna", 'teacher.parameters.reasoning_effort="none"'],
        ["questions.max_output_tokens=2000", "answers.max_output_tokens=4000"],
        ["teacher.provider=local"],
    ],
)
def test_no_trap_no_word(assignments: list[str]) -> None:
    assert traps_of(*assignments) == []


def test_temperature_on_a_reasoning_model_is_named_by_its_key() -> None:
    enough = ["questions.max_output_tokens=2000", "answers.max_output_tokens=2000"]

    (of_stage,) = traps_of("answers.temperature=0.2", *enough)
    of_both = traps_of("teacher.parameters.top_p=0.5", *enough)

    assert of_stage.startswith("answers.temperature: most reasoning models refuse it")
    assert of_both[0].startswith("teacher.parameters.top_p: most reasoning models refuse it")


def test_temperature_that_is_set_twice_says_which_one_holds() -> None:
    (said,) = traps_of(
        "teacher.model=gpt-4o", "teacher.parameters.temperature=1", "answers.temperature=0.2"
    )

    assert said == (
        "answers.temperature and teacher.parameters.temperature are both set: answers.temperature "
        "holds"
    )


def test_roles_of_an_evaluation_are_looked_at_by_their_own_model() -> None:
    settings = resolve_settings([read_assignments(["evaluation.answer_max_output_tokens=900"])])

    said = list(
        evaluation_traps(
            settings,
            {"baseline": ("gpt-4o-mini", {}), "teacher": ("gpt-6-luna", {"temperature": 1})},
        )
    )

    assert len(said) == 2
    assert said[0].startswith("evaluation.answer_max_output_tokens is 900: gpt-6-luna reasons")
    assert said[1].startswith("teacher.parameters.temperature: most reasoning models refuse it")
