"""Addresses and keys."""

import pytest

from engine.errors import ConfigError
from engine.wire.endpoints import Endpoint
from schemas.settings import KeyHeader
from tests.rows import each_row


@each_row("base_url", ["", "api.openai.com/v1", "ftp://x/v1", "https:///v1"])
def test_what_is_not_a_web_address_is_refused_with_an_example(base_url: str) -> None:
    with pytest.raises(ConfigError, match=r"expected something like https://api\.openai\.com/v1"):
        Endpoint(base_url)


@each_row("base_url", ["http://one.example/v1", "http://one.example/v1/"])
def test_address_has_the_version_once(base_url: str) -> None:
    address = Endpoint(base_url).address("/v1/chat/completions")

    assert address == "http://one.example/v1/chat/completions"


def test_key_is_not_in_the_repr() -> None:
    assert "secret" not in repr(Endpoint("http://one.example/v1", "sk-secret"))


@each_row("key", ["sk-secret\n", "sk secret", "sk-sécret"])
def test_key_that_no_header_can_hold_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ConfigError, match="holds characters that no key has") as refused:
        Endpoint("http://one.example/v1", key)

    assert key.strip() not in str(refused.value)


AZURE = "https://our-resource.openai.azure.com/openai/v1/"


@each_row(
    "base_url, key_header, headers",
    [
        (AZURE, "auto", {"api-key": "k"}),
        ("https://r.services.ai.azure.com/openai/v1", "auto", {"api-key": "k"}),
        (AZURE, "bearer", {"Authorization": "Bearer k"}),
        ("https://api.openai.com/v1", "auto", {"Authorization": "Bearer k"}),
        ("https://openai.azure.com.example/v1", "auto", {"Authorization": "Bearer k"}),
        ("http://127.0.0.1:1/v1", "api-key", {"api-key": "k"}),
    ],
)
def test_key_is_sent_in_the_header_that_the_host_wants(
    base_url: str, key_header: KeyHeader, headers: dict[str, str]
) -> None:
    assert Endpoint(base_url, "k", key_header=key_header).key_headers() == headers
    assert Endpoint(base_url, key_header=key_header).key_headers() == {}


@each_row("path", ["", "/", "/openai", "/v1", "/openai/deployments/d"])
def test_address_of_azure_that_lacks_its_path_is_refused_with_the_right_one(path: str) -> None:
    with pytest.raises(ConfigError, match=r"expected https://r\.openai\.azure\.com/openai/v1, wit"):
        Endpoint(f"https://r.openai.azure.com{path}", "k")


def test_address_of_azure_may_end_in_a_slash() -> None:
    assert Endpoint(AZURE).address("/v1/files") == (
        "https://our-resource.openai.azure.com/openai/v1/files"
    )
