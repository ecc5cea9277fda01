"""Addresses of servers, and names of the variables that hold their keys: neither holds a secret."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

CALLS = ("/chat/completions", "/completions", "/embeddings", "/responses")  # below an address
OPENAI_ADDRESS = "https://api.openai.com/v1"


def _address_holds_no_secret(base_url: str) -> str:
    base_url = base_url.strip()
    if not all(character >= "!" for character in base_url):
        raise ValueError("expected an address without a blank in it")
    parts = urlsplit(base_url)
    _ = parts.port  # raises ValueError for one that is none
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected a web address such as https://api.openai.com/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(
            "expected an address without a user, a password, a query or a fragment; "
            "the key is read from the environment"
        )
    if looks_like_key(parts.path):
        raise ValueError(
            "expected an address without a key in its path; the key is read from the environment"
        )
    _refuse_call(parts.path.rstrip("/"))
    return base_url


def _refuse_call(path: str) -> None:
    call = next((call for call in CALLS if path.endswith(call)), None)
    if call is not None:
        raise ValueError(f"expected the address of the API, without {call}: that is added")


def looks_like_key(text: str) -> bool:
    """Whether a text holds what providers' keys look like."""
    return _KEY.search(text) is not None


# Beginnings of keys at OpenAI and others that speak its API, then a long random part.
_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:sk|pk|rk|gsk|xai|hf|nvapi|fw|pplx|tgp|csk|key)[-_=][\w-]{12,}"
    r"|AIza[\w-]{20,}|[Bb]earer[ _%-]"
)


def _variable_is_no_key(name: str) -> str:
    is_name = re.fullmatch(r"([A-Za-z_][A-Za-z0-9_]*)?", name) is not None
    is_random = len(name) >= 24 and re.search(r"[a-z].*\d|\d.*[a-z]", name) is not None
    if not is_name or is_random or looks_like_key(name):
        raise ValueError("expected the name of the environment variable that holds the key")
    return name


def _header_is_no_key(value: str) -> str:
    if looks_like_key(value):
        raise ValueError("expected $NAME, where the environment variable NAME holds the secret")
    if not all(" " <= character <= "~" for character in value):
        raise ValueError("expected plain characters, as a header has them")
    return value


HeaderValue = Annotated[str, AfterValidator(_header_is_no_key)]
VariableName = Annotated[str, AfterValidator(_variable_is_no_key)]
Address = Annotated[str, AfterValidator(_address_holds_no_secret)]
