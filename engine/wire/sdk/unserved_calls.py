"""Hosts that serve only a part of the API: "no such call" told from "no such thing"."""

from typing import TYPE_CHECKING

from engine.errors import RequestError, TransientError

if TYPE_CHECKING:
    import openai

UNSERVED_STATUSES = frozenset({404, 405, 501})
UNKNOWN_URL = "unknown_url"  # OpenAI's code for a path that it does not know


def may_be_unserved(error: RequestError | TransientError) -> bool:
    """Whether an error can mean that the host does not know the call at all."""
    return error.status in UNSERVED_STATUSES


def is_unserved(error: "openai.APIStatusError", thing: str) -> bool:
    """Whether the host does not know the call; `thing` is what it would say is not there.

    An error object, or a text that names the thing, means that the host knows the call.
    """
    if error.status_code != 404:
        return error.status_code in UNSERVED_STATUSES
    if error.code == UNKNOWN_URL:
        return True
    body = error.body
    is_error_object = isinstance(body, dict) and ("message" in body or "code" in body)
    return not is_error_object and thing not in str(body).lower()[:2_000]
