"""Where requests go: an address, its key, and what is peculiar to it."""

import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from engine.errors import ConfigError
from schemas.settings import JsonForm, KeyHeader

OutputLimitName = Literal["max_completion_tokens", "max_tokens"]

# Hosts of Azure, which want the key in a header of its own (Azure OpenAI, v1 API).
AZURE = re.compile(r".+\.(openai\.azure|services\.ai\.azure|cognitiveservices\.azure)\.com")
AZURE_PATH = "/openai/v1"
LOOPBACK = re.compile(r"localhost|::1|127(\.\d+){3}")


class Payer(NamedTuple):
    """Who pays, where a key belongs to several: empty is the key's own default."""

    organization: str = ""
    project: str = ""

    def headers(self) -> dict[str, str]:
        """The headers that name them (OpenAI API reference, authentication)."""
        named = {"openai-organization": self.organization, "openai-project": self.project}
        return {name: value for name, value in named.items() if value}


NO_PAYER = Payer()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address with one key. Its limits, where given, come before those of the settings.

    `headers` go with every call of the slow paths beside the key, and may hold secrets.
    `max_in_flight` is for a server that answers a few at a time, and lets the rest time out.

    `base_url` ends in the version (`https://api.openai.com/v1`). The key is in no repr. `output`
    is how JSON is asked for at first; None: as requests say. `output_setting` is what users call
    that. `proxy` is the address of the HTTP proxy to it, which may hold a password.
    `key_header` is the header for the key; auto: `api-key` at Azure, `Authorization` elsewhere.
    """

    base_url: str
    api_key: str = field(default="", repr=False)
    output_limit_name: OutputLimitName = "max_completion_tokens"
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    output: JsonForm | None = None
    output_setting: str = field(default="Endpoint.output", compare=False)
    account: Payer = NO_PAYER
    proxy: str | None = field(default=None, repr=False)
    max_in_flight: int | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    key_header: KeyHeader = "auto"

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(
                f"base_url: {self.base_url!r} is not a web address; "
                "expected something like https://api.openai.com/v1"
            )
        if not all("!" <= character <= "~" for character in self.api_key or ""):
            raise ConfigError(
                f"the key for {self.base_url} holds characters that no key has, such as a line "
                "break or a blank: expected the key alone"
            )
        if self.is_azure and parts.path.rstrip("/") != AZURE_PATH:
            raise ConfigError(
                f"base_url: {self.base_url} is an address of Azure without {AZURE_PATH}: expected "
                f"https://{parts.hostname}{AZURE_PATH}, with the name of a deployment as the model"
            )

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        return LOOPBACK.fullmatch(host) is not None

    @property
    def is_azure(self) -> bool:
        """Whether it is a resource of Azure: its models are called as the deployments are."""
        return AZURE.fullmatch(urlsplit(self.base_url).hostname or "") is not None

    def key_headers(self) -> dict[str, str]:
        """The header that holds the key; none without a key."""
        if not self.api_key:
            return {}
        if self.key_header == "api-key" or (self.key_header == "auto" and self.is_azure):
            return {"api-key": self.api_key}
        return {"Authorization": f"Bearer {self.api_key}"}

    def address(self, url: str) -> str:
        """The full address of an API path such as `/v1/chat/completions`."""
        return self.base_url.rstrip("/") + url.removeprefix("/v1")
