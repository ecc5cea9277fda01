"""Where requests go: the settings name the addresses, the environment holds the keys."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.errors import AuthError, ConfigError
from engine.wire.endpoints import NO_ACCOUNT, Account, Endpoint
from jobs.settings.proxies import read_proxy
from jobs.settings.resolve import API_KEY_VARIABLE, Layer
from schemas.settings import (
    EndpointSettings,
    JsonForm,
    RunSettings,
    TeacherSettings,
)

ACCOUNT_VARIABLES = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID")  # those of the official SDK

_SHORT_NAMES = {"key": "key_variable", "rpm": "requests_per_minute", "tpm": "tokens_per_minute"}

_log = logging.getLogger(__name__)


def read_endpoints(settings: RunSettings, environment: Mapping[str, str]) -> list[Endpoint]:
    """The endpoints of `settings.endpoints`, or the teacher's one; each with its key.

    Raises:
        AuthError: a key is needed and is not in the environment.
    """
    if settings.endpoints:
        output = settings.teacher.output
        return [_make_endpoint(each, output, environment) for each in settings.endpoints]
    teacher = settings.teacher
    return [
        Endpoint(
            teacher.base_url,
            _read_default_key(teacher.base_url, environment),
            teacher.output_limit_name,
            output=teacher.output,
            account=_read_account(environment),
            proxy=read_proxy(teacher.base_url, environment),
        )
    ]


def read_send_endpoints(settings: RunSettings, environment: Mapping[str, str]) -> list[Endpoint]:
    """The same for requests that are the user's own: their form is not changed on the way."""
    return [replace(each, output=None) for each in read_endpoints(settings, environment)]


def read_trainer_endpoint(settings: RunSettings, environment: Mapping[str, str]) -> Endpoint | None:
    """Where the student is tuned; None: nowhere, the teacher is a model on this machine.

    Raises:
        AuthError: a key is needed and is not in the environment.
    """
    base_url = settings.student.base_url
    if base_url is not None:
        return Endpoint(
            base_url,
            _read_default_key(base_url, environment),
            account=_read_account(environment),
            proxy=read_proxy(base_url, environment),
        )
    if settings.teacher.provider == "local":
        return None
    return read_send_endpoints(settings, environment)[0]


def read_endpoint_flags(flags: Sequence[str]) -> Layer:
    """The layer of `--endpoint URL[,key=VARIABLE][,rpm=N][,tpm=N]` flags.

    Raises:
        ConfigError: one of them is written otherwise.
    """
    return Layer("--endpoint", {"endpoints": [_read_flag(flag) for flag in flags]} if flags else {})


def _read_default_key(base_url: str, environment: Mapping[str, str]) -> str:
    api_key = _read_key(API_KEY_VARIABLE, environment)
    if not api_key and base_url == TeacherSettings().base_url:
        raise AuthError(f"{base_url} needs a key: set the environment variable {API_KEY_VARIABLE}")
    return api_key


def _read_key(variable: str, environment: Mapping[str, str]) -> str:
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


def _read_account(environment: Mapping[str, str]) -> Account:
    """Who pays, as the official SDK reads it."""
    organization, project = (environment.get(name, "").strip() for name in ACCOUNT_VARIABLES)
    return Account(organization, project)


def _make_endpoint(
    settings: EndpointSettings, output: JsonForm, environment: Mapping[str, str]
) -> Endpoint:
    variable = settings.key_variable
    api_key = _read_key(variable, environment) if variable else ""
    if variable and not api_key:
        raise AuthError(f"{settings.base_url} needs a key: set the environment variable {variable}")
    return Endpoint(
        settings.base_url,
        api_key,
        settings.output_limit_name,
        settings.requests_per_minute,
        settings.tokens_per_minute,
        output=output,
        account=_read_account(environment) if variable == API_KEY_VARIABLE else NO_ACCOUNT,
        proxy=read_proxy(settings.base_url, environment),
    )


def _read_flag(flag: str) -> dict[str, Any]:
    """What one flag says. What it holds is not shown in a message: a part of it may be a key."""
    base_url, *options = flag.split(",")
    endpoint: dict[str, Any] = {"base_url": base_url}
    for option in options:
        name, _, value = option.partition("=")
        if name not in _SHORT_NAMES or not value:
            raise ConfigError(
                "--endpoint: found an option of another name (which is not shown), expected "
                "URL[,key=VARIABLE][,rpm=N][,tpm=N] where VARIABLE is the name of the environment "
                "variable that holds the key, never the key itself"
            )
        endpoint[_SHORT_NAMES[name]] = value
    return endpoint
