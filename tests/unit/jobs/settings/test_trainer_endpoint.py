import pytest

from engine.errors import AuthError
from engine.wire.endpoints import Endpoint
from jobs.settings.endpoints import read_trainer_endpoint
from schemas.settings import RunSettings
from tests.rows import each_row

HOST, OTHER = "https://tunes.example/v1", "https://other.example/v1"
KEY = {"OPENAI_API_KEY": "k", "OTHER_KEY": "other"}


def endpoint(**sections: object) -> Endpoint | None:
    return read_trainer_endpoint(RunSettings.model_validate(sections), KEY)


@each_row(
    "sections",
    [
        {},
        {"teacher": {"base_url": OTHER}},
        {"teacher": {"provider": "local"}},
        {"endpoints": [{"base_url": OTHER, "key_variable": "OTHER_KEY"}]},
    ],
)
def test_address_of_the_student_goes_before_all_others(sections: dict[str, object]) -> None:
    assert endpoint(student={"base_url": HOST}, **sections) == Endpoint(HOST, "k")


def test_student_is_tuned_where_the_teacher_is_asked() -> None:
    several = endpoint(endpoints=[{"base_url": OTHER, "key_variable": "OTHER_KEY"}])

    assert endpoint(teacher={"base_url": HOST}) == Endpoint(HOST, "k")
    assert several == Endpoint(OTHER, "other")


def test_model_on_this_machine_tunes_nothing() -> None:
    assert endpoint(teacher={"provider": "local"}) is None


def test_key_that_is_missing_is_named() -> None:
    settings = RunSettings.model_validate({"student": {"base_url": "https://api.openai.com/v1"}})

    with pytest.raises(AuthError, match="OPENAI_API_KEY"):
        read_trainer_endpoint(settings, {})
