import pytest

from engine.errors import AuthError, ConfigError
from jobs.settings.endpoints import read_endpoint_flags, read_endpoints
from jobs.settings.resolve import Layer, resolve_settings

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


@pytest.mark.parametrize("flag", [f"{URL},rate=5", f"{URL},key", f"{URL},rpm=", f"{URL},"])
def test_flag_written_otherwise_is_explained(flag: str) -> None:
    with pytest.raises(ConfigError, match=r"expected URL\[,key=VARIABLE\]"):
        read_endpoint_flags([flag])


def test_key_in_the_settings_is_refused_and_not_repeated() -> None:
    layer = Layer("c.toml", {"endpoints": [{"base_url": URL, "api_key": "sk-hush"}]})

    with pytest.raises(ConfigError) as error:
        resolve_settings([layer])

    assert "endpoints.0.api_key" in str(error.value)
    assert "hush" not in str(error.value)
