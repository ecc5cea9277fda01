import pytest

from engine.errors import AuthError, ConfigError
from engine.wire.endpoints import Payer
from jobs.settings.endpoints import read_endpoint_flags, read_endpoints
from jobs.settings.resolve import Layer, resolve_settings
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
