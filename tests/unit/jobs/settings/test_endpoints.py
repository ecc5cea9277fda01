import pytest

from engine.errors import AuthError, ConfigError
from engine.wire.endpoints import Endpoint, Payer
from jobs.settings.endpoints import (
    read_endpoint_flags,
    read_endpoints,
    read_proxy,
    read_trainer_endpoint,
)
from jobs.settings.resolve import Layer, resolve_settings
from schemas.settings import RunSettings
from tests.rows import each_row

URL = "http://localhost:1/v1"


def test_one_address_takes_the_usual_key() -> None:
    settings = resolve_settings([Layer("x", {"teacher": {"base_url": URL}})])

    [endpoint] = read_endpoints(settings, {"OPENAI_API_KEY": "sk-1"})

    assert (endpoint.base_url, endpoint.api_key) == (URL, "sk-1")


def test_openai_without_a_key_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(AuthError, match="OPENAI_API_KEY"):
        read_endpoints(resolve_settings([]), {})


def test_several_endpoints_take_the_keys_they_name_and_no_other() -> None:
    flags = [f"{URL},key=KEY_ONE,rpm=600,tpm=9000", "http://localhost:2/v1"]
    settings = resolve_settings([read_endpoint_flags(flags)])

    first, second = read_endpoints(settings, {"KEY_ONE": "sk-1", "OPENAI_API_KEY": "sk-secret"})

    assert (first.api_key, first.requests_per_minute, first.tokens_per_minute) == (
        "sk-1",
        600.0,
        9000.0,
    )
    assert (second.base_url, second.api_key) == ("http://localhost:2/v1", "")


def test_variable_without_a_value_is_named() -> None:
    settings = resolve_settings([read_endpoint_flags([f"{URL},key=KEY_ONE"])])

    with pytest.raises(AuthError, match="KEY_ONE"):
        read_endpoints(settings, {})


@each_row("flag", [f"{URL},rate=5", f"{URL},key", f"{URL},rpm=", f"{URL},"])
def test_flag_written_otherwise_is_explained(flag: str) -> None:
    with pytest.raises(ConfigError, match=r"expected URL\[,key=VARIABLE\].* VARIABLE is the name"):
        read_endpoint_flags([flag])


@each_row(
    "flag",
    [
        f"{URL},sk-hushhushhushhush",
        f"{URL},key=sk-hushhushhushhush",
        f"{URL},key=hush0123456789abcdef0123456789",
        f"{URL},key=hush hush",
        f"{URL}#sk-hushhushhushhush",
        "http://localhost:1/sk-hushhushhushhush/v1",
        "http://hush:hush@localhost:1/v1",
        f"{URL}?key=hush",
        "sk-hushhushhushhush",
    ],
)
def test_key_itself_in_a_flag_is_refused_and_not_repeated(flag: str) -> None:
    with pytest.raises(ConfigError) as error:
        resolve_settings([read_endpoint_flags([flag])])

    assert "hush" not in str(error.value)


def test_key_in_an_address_is_refused_and_not_repeated() -> None:
    url = "https://gateway.example/sk-proj-hushhushhushhush/v1"

    with pytest.raises(ConfigError, match=r"teacher\.base_url.*without a key") as error:
        resolve_settings([Layer("--base-url", {"teacher": {"base_url": url}})])

    assert "hush" not in str(error.value)


def test_line_break_around_a_key_is_left_out_with_a_note(caplog: pytest.LogCaptureFixture) -> None:
    settings = resolve_settings([Layer("x", {"teacher": {"base_url": URL}})])

    [endpoint] = read_endpoints(settings, {"OPENAI_API_KEY": "sk-1\r\n"})

    assert endpoint.api_key == "sk-1"
    assert "OPENAI_API_KEY: the white space around the key is left out" in caplog.text
    assert "sk-1" not in caplog.text


def test_line_break_within_a_key_is_refused_without_showing_it() -> None:
    settings = resolve_settings([Layer("x", {"teacher": {"base_url": URL}})])

    with pytest.raises(AuthError, match="OPENAI_API_KEY holds characters") as error:
        read_endpoints(settings, {"OPENAI_API_KEY": "sk-1\nX-Other: hush"})

    assert "hush" not in str(error.value)


def test_account_is_named_for_the_usual_key_alone() -> None:
    environment = {"OPENAI_API_KEY": "sk-1", "OPENAI_ORG_ID": "org-1", "OPENAI_PROJECT_ID": "p-1"}
    usual = resolve_settings([Layer("x", {"teacher": {"base_url": URL}})])
    other = resolve_settings([read_endpoint_flags([f"{URL},key=KEY_ONE"])])

    [mine] = read_endpoints(usual, environment)
    [theirs] = read_endpoints(other, {**environment, "KEY_ONE": "k"})

    assert mine.account == Payer("org-1", "p-1")
    assert theirs.account == Payer()


def test_key_in_the_settings_is_refused_and_not_repeated() -> None:
    layer = Layer("c.toml", {"endpoints": [{"base_url": URL, "api_key": "sk-hush"}]})

    with pytest.raises(ConfigError) as error:
        resolve_settings([layer])

    assert "endpoints.0.api_key" in str(error.value)
    assert "hush" not in str(error.value)


PROXY = "http://proxy.example:3128"


@each_row(
    "base_url, environment, expected",
    [
        ("https://api.example/v1", {}, None),
        ("https://api.example/v1", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://api.example/v1", {"https_proxy": PROXY, "HTTPS_PROXY": "http://no:1"}, PROXY),
        ("https://api.example/v1", {"HTTP_PROXY": PROXY}, None),
        ("http://api.example/v1", {"HTTP_PROXY": PROXY}, PROXY),
        ("http://api.example/v1", {"ALL_PROXY": PROXY}, PROXY),
        ("https://api.example/v1", {"HTTPS_PROXY": "proxy.example:3128"}, PROXY),
        ("https://api.example/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "example"}, None),
        ("https://api.example/v1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "other.example"}, PROXY),
        ("https://api.example/v1", {"HTTPS_PROXY": PROXY, "no_proxy": "*"}, None),
        ("http://127.0.0.1:8000/v1", {"HTTP_PROXY": PROXY, "NO_PROXY": "127.0.0.1"}, None),
    ],
)
def test_proxy_is_the_one_that_the_environment_names(
    base_url: str, environment: dict[str, str], expected: str | None
) -> None:
    assert read_proxy(base_url, environment) == expected


def test_proxy_of_another_kind_is_refused_without_its_password() -> None:
    environment = {"HTTPS_PROXY": "socks5://me:hush@proxy.example:1080"}

    with pytest.raises(ConfigError, match=r"HTTPS_PROXY: expected .* HTTP proxy") as error:
        read_proxy("https://api.example/v1", environment)

    assert "hush" not in str(error.value)


HOST, OTHER = "https://tunes.example/v1", "https://other.example/v1"
KEY = {"OPENAI_API_KEY": "k", "OTHER_KEY": "other"}


def trainer_endpoint(**sections: object) -> Endpoint | None:
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
    assert trainer_endpoint(student={"base_url": HOST}, **sections) == Endpoint(HOST, "k")


def test_student_is_tuned_where_the_teacher_is_asked() -> None:
    several = trainer_endpoint(endpoints=[{"base_url": OTHER, "key_variable": "OTHER_KEY"}])

    assert trainer_endpoint(teacher={"base_url": HOST}) == Endpoint(HOST, "k")
    assert several == Endpoint(OTHER, "other")


def test_model_on_this_machine_tunes_nothing() -> None:
    assert trainer_endpoint(teacher={"provider": "local"}) is None


def test_key_that_is_missing_is_named() -> None:
    settings = RunSettings.model_validate({"student": {"base_url": "https://api.openai.com/v1"}})

    with pytest.raises(AuthError, match="OPENAI_API_KEY"):
        read_trainer_endpoint(settings, {})
