import pytest

from engine.errors import AuthError, ConfigError
from engine.wire.endpoints import Endpoint
from jobs.settings.resolve import Layer, read_assignments, read_environment, resolve_settings
from jobs.settings.roles import (
    ROLE_NAMES,
    RoleModel,
    RoleName,
    embeddings_of,
    judge_of,
    own_address,
    read_role_endpoints,
    server_of,
)
from schemas.settings import RunSettings
from tests.rows import each_row

HERE, HOSTED = "http://127.0.0.1:8000/v1", "https://tunes.example/v1"
KEYS = {"OPENAI_API_KEY": "sk-openai", "STUDENT_KEY": "sk-student", "JUDGE_KEY": "sk-judge"}


def settings_of(*assignments: str) -> RunSettings:
    return resolve_settings([read_assignments(["teacher.model=t", *assignments])])


def endpoints_of(*assignments: str, keys: dict[str, str] = KEYS) -> dict[str, Endpoint]:
    return read_role_endpoints(settings_of(*assignments), keys, ROLE_NAMES)


def test_role_without_an_address_is_asked_where_the_teacher_is() -> None:
    settings = settings_of("judge.model=j", f"tuned.base_url={HERE}")

    assert [role for role in ROLE_NAMES if own_address(settings, role)] == ["tuned"]
    assert judge_of(settings) == RoleModel("j", "")
    assert embeddings_of(settings) == RoleModel("text-embedding-3-small", "")


def test_address_that_is_the_teachers_is_no_other_server() -> None:
    assert endpoints_of(f"teacher.base_url={HERE}", f"judge.base_url={HERE}") == {}


def test_address_of_ones_own_gets_no_key_but_the_one_that_it_names() -> None:
    bare = endpoints_of(f"tuned.base_url={HERE}")
    named = endpoints_of(f"tuned.base_url={HERE}", "tuned.key_variable=STUDENT_KEY")

    assert bare["tuned"].api_key == ""
    assert named["tuned"].api_key == "sk-student"


def test_what_is_not_said_is_the_teachers() -> None:
    (judge,) = endpoints_of(
        "teacher.output_limit_name=max_tokens", "judge.key_variable=JUDGE_KEY"
    ).values()

    assert judge == Endpoint(
        "https://api.openai.com/v1", "sk-judge", "max_tokens", output="json_schema"
    )


def test_roles_that_are_asked_alike_share_a_server() -> None:
    settings = settings_of(f"baseline.base_url={HERE}", f"tuned.base_url={HERE}")

    assert server_of(settings, "baseline") == server_of(settings, "tuned") == "baseline"
    assert list(read_role_endpoints(settings, KEYS, ["tuned"])) == ["baseline"]


def test_student_and_what_it_is_made_of_are_asked_where_it_was_tuned() -> None:
    host = (f"student.base_url={HOSTED}", "student.key_variable=STUDENT_KEY")
    settings = settings_of(*host, "student.model=small")
    others = settings_of(*host, "student.model=small", "baseline.model=another")

    (student,) = read_role_endpoints(settings, KEYS, ROLE_NAMES).values()

    assert student == Endpoint(HOSTED, "sk-student", output="json_schema")
    assert server_of(settings, "baseline") == server_of(settings, "tuned") != ""
    assert server_of(others, "baseline") == ""


def test_tuned_students_own_address_goes_before_the_one_it_was_tuned_at() -> None:
    (tuned,) = endpoints_of(f"student.base_url={HOSTED}", f"tuned.base_url={HERE}").values()

    assert (tuned.base_url, tuned.api_key) == (HERE, "")


def test_local_teacher_may_be_judged_by_a_hosted_model() -> None:
    settings = settings_of("teacher.provider=local", "judge.base_url=https://api.openai.com/v1")

    endpoints = read_role_endpoints(settings, KEYS, ROLE_NAMES)

    assert endpoints == {
        "judge": Endpoint("https://api.openai.com/v1", "sk-openai", output="json_schema")
    }
    assert server_of(settings, "embeddings") == ""


@each_row(
    "role, assignments, variable",
    [
        ("judge", [f"judge.base_url={HERE}", "judge.key_variable=NO_KEY"], "NO_KEY"),
        (
            "tuned",
            [f"teacher.base_url={HERE}", "tuned.base_url=https://api.openai.com/v1"],
            "OPENAI_API_KEY",
        ),
    ],
)
def test_key_that_is_missing_is_one_message_with_role_and_variable(
    role: RoleName, assignments: list[str], variable: str
) -> None:
    with pytest.raises(AuthError) as error:
        endpoints_of(*assignments, keys={"OTHER": "sk-hush"})

    said = str(error.value)
    assert said.startswith(f"{role}: http")
    assert f"set the environment variable {variable} " in said
    assert f"{role}.key_variable" in said
    assert "hush" not in said


def test_key_in_the_place_of_its_variable_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="expected the name of the environment variable") as error:
        settings_of("judge.key_variable=sk-hush-hush")

    assert "judge.key_variable" in str(error.value)
    assert "hush" not in str(error.value)


def test_names_of_earlier_versions_are_read_from_every_source_and_the_later_source_wins() -> None:
    former = Layer("config.toml", {"evaluation": {"judge_model": "old", "tuned_model": "t"}})
    environment = read_environment({"DISTILL_EVALUATION_EMBEDDING_MODEL": "vectors"})

    read = resolve_settings([former, environment])
    overridden = resolve_settings([former, read_assignments(["judge.model=new"])])
    back = resolve_settings(
        [Layer("c", {"judge": {"model": "new"}}), read_assignments(["evaluation.judge_model=old"])]
    )

    models = (read.judge.model, read.tuned.model, read.embeddings.model, read.baseline.model)
    assert models == ("old", "t", "vectors", "")
    assert (overridden.judge.model, back.judge.model) == ("new", "old")


def test_judge_has_the_teachers_parameters_only_if_it_is_the_teachers_model() -> None:
    low = "teacher.parameters.reasoning_effort=low"

    assert judge_of(settings_of(low)).parameters == {"reasoning_effort": "low"}
    assert judge_of(settings_of(low, "judge.model=j")).parameters == {}
    assert judge_of(settings_of(low, "judge.parameters.seed=1")).parameters == {"seed": 1}
    assert embeddings_of(settings_of(low)).parameters == {}
