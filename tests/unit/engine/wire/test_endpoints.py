"""Addresses and keys."""

import pytest

from engine.errors import ConfigError
from engine.wire.endpoints import Endpoint


@pytest.mark.parametrize("base_url", ["", "api.openai.com/v1", "ftp://x/v1", "https:///v1"])
def test_what_is_not_a_web_address_is_refused_with_an_example(base_url: str) -> None:
    with pytest.raises(ConfigError, match=r"expected something like https://api\.openai\.com/v1"):
        Endpoint(base_url)


@pytest.mark.parametrize("base_url", ["http://one.example/v1", "http://one.example/v1/"])
def test_address_has_the_version_once(base_url: str) -> None:
    address = Endpoint(base_url).address("/v1/chat/completions")

    assert address == "http://one.example/v1/chat/completions"


def test_key_is_not_in_the_repr() -> None:
    assert "secret" not in repr(Endpoint("http://one.example/v1", "sk-secret"))
