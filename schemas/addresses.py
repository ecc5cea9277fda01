"""Addresses of servers, and names of the variables that hold their keys: neither holds a secret."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

OPENAI_ADDRESS = "https://api.openai.com/v1"


def _address_holds_no_secret(base_url: str) -> str:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected a web address such as https://api.openai.com/v1")
    if parts.username or parts.password or parts.query:
        raise ValueError(
            "expected an address without a user, a password or a query; "
            "the key is read from the environment"
        )
    return base_url


def _is_name_of_variable(name: str) -> str:
    if name and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(
            "expected the name of an environment variable, such as OPENAI_API_KEY; the key itself "
            "is in no setting"
        )
    return name


Address = Annotated[str, AfterValidator(_address_holds_no_secret)]
KeyVariable = Annotated[str, AfterValidator(_is_name_of_variable)]  # empty: no key is sent
