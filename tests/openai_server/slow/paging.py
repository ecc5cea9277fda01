"""Pages of a list, by cursor: `limit`, `after`, `has_more`."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.openai_server.errors import ApiError

Page = dict[str, Any]


def page_of(
    rows: Sequence[Page], query: Mapping[str, str], *, default_limit: int, max_limit: int
) -> Page:
    """The rows after the cursor, as a list object. Raises ApiError 400 for a wrong parameter."""
    limit = _limit(query.get("limit"), default_limit, max_limit)
    start = _start(rows, query.get("after"))
    return {
        "object": "list",
        "data": list(rows[start : start + limit]),
        "has_more": start + limit < len(rows),
    }


def with_ends(page: Page) -> Page:
    """The page with the ids of its first and last row, as most lists have them."""
    rows = page["data"]
    first_id, last_id = (rows[0]["id"], rows[-1]["id"]) if rows else (None, None)
    return {**page, "first_id": first_id, "last_id": last_id}


def _limit(text: str | None, default_limit: int, max_limit: int) -> int:
    if text is None:
        return default_limit
    if not text.isdecimal() or not 1 <= int(text) <= max_limit:
        message = f"Invalid 'limit': expected an integer from 1 to {max_limit}, got {text!r}."
        raise ApiError(400, "invalid_value", message, param="limit")
    return int(text)


def _start(rows: Sequence[Page], after: str | None) -> int:
    if after is None:
        return 0
    for index, row in enumerate(rows):
        if row["id"] == after:
            return index + 1
    raise ApiError(400, "invalid_value", f"Invalid 'after': no object {after!r}.", param="after")
