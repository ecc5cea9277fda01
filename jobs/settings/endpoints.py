"""Where requests go: the settings name the addresses, the environment holds the keys."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import AuthError, ConfigError
from engine.wire.endpoints import Endpoint
from jobs.settings.resolve import API_KEY_VARIABLE, Layer
from jobs.settings.roles import is_openai
from schemas.settings import EndpointSettings, RunSettings

_SHORT_NAMES = {"key": "key_variable", "rpm": "requests_per_minute", "tpm": "tokens_per_minute"}


def read_run_endpoints(settings: RunSettings, environment: Mapping[str, str]) -> list[Endpoint]:
    """Where a run's teacher is asked. None: its model is started with the run, on this machine.

    Raises:
        AuthError: a key is needed and is not in the environment.
    """
    return [] if settings.teacher.is_local else read_endpoints(settings, environment)


def read_endpoints(settings: RunSettings, environment: Mapping[str, str]) -> list[Endpoint]:
    """The endpoints of `settings.endpoints`, or the teacher's one; each with its key.

    Raises:
        AuthError: a key is needed and is not in the environment.
    """
    if settings.endpoints:
        return [_make_endpoint(each, environment) for each in settings.endpoints]
    teacher = settings.teacher
    api_key = _read_key("teacher", teacher.base_url, teacher.key_variable, environment)
    return [Endpoint(teacher.base_url, api_key, teacher.output_limit_name)]


def read_trainer_endpoint(settings: RunSettings, environment: Mapping[str, str]) -> Endpoint | None:
    """Where the student is tuned; None: nowhere, the teacher is a model on this machine.

    Raises:
        AuthError: a key is needed and is not in the environment.
    """
    student = settings.student
    if student.base_url is not None:
        api_key = _read_key("student", student.base_url, student.key_variable, environment)
        return Endpoint(student.base_url, api_key)
    if settings.teacher.is_local:
        return None
    return read_endpoints(settings, environment)[0]


def read_endpoint_flags(flags: Sequence[str]) -> Layer:
    """The layer of `--endpoint URL[,key=VARIABLE][,rpm=N][,tpm=N]` flags.

    Raises:
        ConfigError: one of them is written otherwise.
    """
    return Layer("--endpoint", {"endpoints": [_read_flag(flag) for flag in flags]} if flags else {})


def _read_key(section: str, base_url: str, named: str, environment: Mapping[str, str]) -> str:
    variable = named or API_KEY_VARIABLE
    api_key = environment.get(variable, "")
    if not api_key and (named or is_openai(base_url)):
        raise AuthError(
            f"the {section} at {base_url} needs a key: set the environment variable {variable} "
            f"(its name is {section}.key_variable)"
        )
    return api_key


def _make_endpoint(settings: EndpointSettings, environment: Mapping[str, str]) -> Endpoint:
    api_key = environment.get(settings.key_variable, "")
    if settings.key_variable and not api_key:
        raise AuthError(
            f"{settings.base_url} needs a key: set the environment variable {settings.key_variable}"
        )
    return Endpoint(
        settings.base_url,
        api_key,
        settings.output_limit_name,
        settings.requests_per_minute,
        settings.tokens_per_minute,
    )


def _read_flag(flag: str) -> dict[str, Any]:
    base_url, *options = flag.split(",")
    endpoint: dict[str, Any] = {"base_url": base_url}
    for option in options:
        name, _, value = option.partition("=")
        if name not in _SHORT_NAMES or not value:
            raise ConfigError(
                f"--endpoint {base_url}: found an option {name!r}, expected "
                "URL[,key=VARIABLE][,rpm=N][,tpm=N] where VARIABLE names the environment "
                "variable that holds the key"
            )
        endpoint[_SHORT_NAMES[name]] = value
    return endpoint
