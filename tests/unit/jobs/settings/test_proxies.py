import pytest

from engine.errors import ConfigError
from jobs.settings.endpoints import read_proxy
from tests.rows import each_row

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
