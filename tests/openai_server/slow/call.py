"""One call of the slow APIs (files, batches, fine-tuning jobs), as their areas see it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from tests.openai_server.errors import ApiError
from tests.openai_server.paid.calls import parse_body
from tests.openai_server.slow.config import Operation

Payload = dict[str, Any] | Path
"""What an area answers: a JSON object, or a file whose bytes are sent."""

_METADATA_PAIRS = 16  # API description, Metadata
_KEY_CHARS = 64
_VALUE_CHARS = 512


class SlowCall(NamedTuple):
    """The object the path names ("" for none), the query, and the request behind them."""

    id: str
    query: Mapping[str, str]
    request: web.BaseRequest

    async def body(self) -> dict[str, Any]:
        """The JSON object of the body. Raises ApiError 400 for anything else."""
        return parse_body(await self.request.read())


Answer = Callable[[SlowCall], Awaitable[Payload]]


class Route(NamedTuple):
    """One operation: its method, its path, and what answers it."""

    operation: Operation
    method: str
    path: re.Pattern[str]
    answer: Answer


def route(operation: Operation, method: str, path: str, answer: Answer) -> Route:
    """A route; `{id}` in its path stands for the object's id."""
    pattern = re.escape(path).replace(r"\{id\}", "(?P<id>[^/]+)")
    return Route(operation, method, re.compile(pattern), answer)


def checked_metadata(body: Mapping[str, Any]) -> dict[str, str] | None:
    """The metadata of a body. Raises ApiError 400 beyond 16 pairs of 64 and 512 characters."""
    metadata = body.get("metadata")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or len(metadata) > _METADATA_PAIRS:
        raise _invalid_metadata(f"expected an object with at most {_METADATA_PAIRS} properties")
    for key, value in metadata.items():
        if len(key) > _KEY_CHARS:
            raise _invalid_metadata(f"expected keys of at most {_KEY_CHARS} characters")
        if not isinstance(value, str) or len(value) > _VALUE_CHARS:
            raise _invalid_metadata(f"expected strings of at most {_VALUE_CHARS} characters")
    return metadata


def _invalid_metadata(expected: str) -> ApiError:
    return ApiError(400, "invalid_value", f"Invalid 'metadata': {expected}.", param="metadata")
