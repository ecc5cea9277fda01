"""Asks a host for one model, so that a wrong key, address or name is told before any work."""

import logging
from urllib.parse import quote

import aiohttp

from engine.clock import Clock
from engine.errors import AuthError, ModelGoneError, RequestError, TransientError
from engine.live.plain_calls import call_once
from engine.wire.endpoints import Endpoint
from engine.wire.replies.responses import read_error
from engine.wire.server_text import scrub

TIMEOUT_S = 20.0

_log = logging.getLogger(__name__)


async def check_model(endpoint: Endpoint, model: str, clock: Clock) -> None:
    """GET /models/{model} at `endpoint`. Hosts that have no such call, or refuse it, are believed.

    Azure is asked for the key's sake alone: it lists models, and we name deployments.

    A host that cannot be reached is named in a warning: it may be there when it is needed.

    Raises:
        AuthError: the key is wrong.
        ModelGoneError: the host says that it has no such model.
    """
    try:
        address = endpoint.address(f"/v1/models/{quote(model, safe='')}")
        response = await call_once(endpoint, address, timeout_s=TIMEOUT_S)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        _log.warning(
            "%s cannot be reached (%s): check the address (--base-url, teacher.base_url) and the "
            "network; documents are read meanwhile",
            endpoint.base_url,
            scrub(str(error), endpoint),
        )
        return
    except (aiohttp.ClientError, OSError, RequestError, TransientError) as error:
        _log.debug("%s: its models cannot be asked for: %r", endpoint.base_url, type(error))
        return
    if response.status < 400:
        return
    refusal = read_error(response, endpoint, clock)
    is_key_limited = b"scope" in response.body  # a key that may ask, but not list models
    if isinstance(refusal, AuthError) and response.status == 401 and not is_key_limited:
        raise refusal
    if b'"model_not_found"' in response.body and not endpoint.is_azure:
        raise ModelGoneError(
            f"{endpoint.base_url} has no model {model!r}; choose one that is served, then run again"
        )
