"""The HTTP proxy on the way to an address, as the environment names it (as for curl and pip)."""

from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # not in stubs

from engine.errors import ConfigError


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
