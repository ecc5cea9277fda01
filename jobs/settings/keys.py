"""Keys and accounts: settings name the variables, the environment holds what is in them."""

import logging
from collections.abc import Mapping

from engine.errors import AuthError
from engine.wire.endpoints import NO_PAYER, Payer
from jobs.settings.resolve import API_KEY_VARIABLE
from schemas.settings.addresses import OPENAI_ADDRESS

ACCOUNT_VARIABLES = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID")  # those of the official SDK

_log = logging.getLogger(__name__)


def read_key_of(section: str, base_url: str, variable: str, environment: Mapping[str, str]) -> str:
    """The key for an address, from the variable that a section of the settings names.

    None named: from OPENAI_API_KEY, if there is one.

    Raises:
        AuthError: a key is needed and is not there; says whose, and in which variable.
    """
    api_key = read_key(variable or API_KEY_VARIABLE, environment)
    if not api_key and (variable or is_openai(base_url)):
        raise missing_key(section, base_url, variable or API_KEY_VARIABLE)
    return api_key


def missing_key(section: str, base_url: str, variable: str) -> AuthError:
    """The error for a key that is not in the environment."""
    return AuthError(
        f"{section}: {base_url} needs a key: set the environment variable {variable} (another one "
        f"is named with {section}.key_variable)"
    )


def read_key(variable: str, environment: Mapping[str, str]) -> str:
    """The key in a variable, without the white space that files and pasting leave around it.

    Raises:
        AuthError: it holds what no header can.
    """
    found = environment.get(variable, "")
    api_key = found.strip()
    if api_key != found:
        _log.warning("%s: the white space around the key is left out", variable)
    if not all("!" <= character <= "~" for character in api_key):
        raise AuthError(
            f"{variable} holds characters that no key has (such as a line break or a blank in the "
            "middle): set it to the key alone"
        )
    return api_key


def read_account(environment: Mapping[str, str], variable: str) -> Payer:
    """Who pays with the key of `variable`, as the official SDK reads it; empty for other keys."""
    if variable != API_KEY_VARIABLE:
        return NO_PAYER
    organization, project = (environment.get(name, "").strip() for name in ACCOUNT_VARIABLES)
    return Payer(organization, project)


def is_openai(base_url: str) -> bool:
    """Whether nothing is answered there without a key."""
    return base_url.rstrip("/") == OPENAI_ADDRESS
