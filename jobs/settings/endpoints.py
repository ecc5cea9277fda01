"""Where requests go: the settings name the addresses, the environment holds keys and proxies."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # not in stubs

from engine.errors import AuthError, ConfigError
from engine.wire.endpoints import Endpoint
from jobs.settings.keys import read_account, read_key, read_key_of
from jobs.settings.resolve import API_KEY_VARIABLE, Layer
from schemas.settings import EndpointSettings, JsonForm, RunSettings

OUTPUT_SETTING = "teacher.output"

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
        output = settings.teacher.output
        return [_make_endpoint(each, output, environment) for each in settings.endpoints]
    teacher = settings.teacher
    return [
        Endpoint(
            teacher.base_url,
            read_key_of("teacher", teacher.base_url, teacher.key_variable, environment),
            teacher.output_limit_name,
            output=teacher.output,
            output_setting=OUTPUT_SETTING,
            account=read_account(environment, teacher.key_variable or API_KEY_VARIABLE),
            proxy=read_proxy(teacher.base_url, environment),
            key_header=teacher.key_header,
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
    student = settings.student
    headers = tuple(_read_header(name, text, environment) for name, text in student.headers.items())
    if student.base_url is not None:
        return Endpoint(
            student.base_url,
            read_key_of("student", student.base_url, student.key_variable, environment),
            account=read_account(environment, student.key_variable or API_KEY_VARIABLE),
            proxy=read_proxy(student.base_url, environment),
            key_header=student.key_header,
            headers=headers,
        )
    if settings.teacher.is_local:
        return None
    return replace(read_send_endpoints(settings, environment)[0], headers=headers)


def _read_header(name: str, text: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """A header as it is sent: one that begins with $ is the value of that variable."""
    if not text.startswith("$"):
        return name, text
    value = read_key(text[1:], environment)
    if not value:
        raise AuthError(f"student.headers: {name} needs the environment variable {text[1:]}")
    return name, value


def read_endpoint_flags(flags: Sequence[str]) -> Layer:
    """The layer of `--endpoint URL[,key=VARIABLE][,rpm=N][,tpm=N]` flags.

    Raises:
        ConfigError: one of them is written otherwise.
    """
    return Layer("--endpoint", {"endpoints": [_read_flag(flag) for flag in flags]} if flags else {})


def _make_endpoint(
    settings: EndpointSettings, output: JsonForm, environment: Mapping[str, str]
) -> Endpoint:
    variable = settings.key_variable
    api_key = read_key(variable, environment) if variable else ""
    if variable and not api_key:
        raise AuthError(f"{settings.base_url} needs a key: set the environment variable {variable}")
    return Endpoint(
        settings.base_url,
        api_key,
        settings.output_limit_name,
        settings.requests_per_minute,
        settings.tokens_per_minute,
        output=output,
        output_setting=OUTPUT_SETTING,
        account=read_account(environment, variable),
        proxy=read_proxy(settings.base_url, environment),
        key_header=settings.key_header,
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


def read_proxy(base_url: str, environment: Mapping[str, str]) -> str | None:
    """The proxy's address; None where there is none, or NO_PROXY names the host.

    HTTP_PROXY or HTTPS_PROXY by the scheme of the address, else ALL_PROXY; small letters win.

    Raises:
        ConfigError: it is no HTTP proxy. Its address is not shown: it may hold a password.
    """
    parts = urlsplit(base_url)
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        proxy = (environment.get(name) or environment.get(name.upper()) or "").strip()
        if not proxy:
            continue
        if _is_exempt(parts.netloc.rpartition("@")[2], environment):
            return None
        address = proxy if "://" in proxy else f"http://{proxy}"
        if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
            raise ConfigError(
                f"environment variable {name.upper()}: expected the address of an HTTP proxy such "
                "as http://proxy.example:3128; other kinds are not supported: unset it, or name "
                f"{parts.hostname} in NO_PROXY"
            )
        return address
    return None


def _is_exempt(host: str, environment: Mapping[str, str]) -> bool:
    exempt = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    return bool(exempt) and bool(proxy_bypass_environment(host, {"no": exempt}))
