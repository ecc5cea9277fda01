from typing import Any

import pytest

from tests.openai_server.errors import ApiError
from tests.openai_server.slow.paging import page_of, with_ends
from tests.rows import each_row

ROWS: list[dict[str, Any]] = [{"id": f"r{number}"} for number in range(5)]


def page(**query: str) -> dict[str, Any]:
    return page_of(ROWS, query, default_limit=2, max_limit=4)


def ids(shown: dict[str, Any]) -> list[str]:
    return [row["id"] for row in shown["data"]]


def test_cursor_leads_through_all_rows() -> None:
    first, second, third = page(), page(after="r1"), page(after="r3")

    assert [ids(first), ids(second), ids(third)] == [["r0", "r1"], ["r2", "r3"], ["r4"]]
    assert [each["has_more"] for each in (first, second, third)] == [True, True, False]


def test_page_that_ends_with_the_last_row_has_no_more() -> None:
    assert page(after="r0", limit="4")["has_more"] is False


def test_ends_are_null_on_an_empty_page() -> None:
    shown = with_ends(page(after="r4"))

    assert (shown["data"], shown["first_id"], shown["last_id"]) == ([], None, None)


@each_row("query", [{"limit": "5"}, {"limit": "0"}, {"limit": "x"}, {"after": "?"}])
def test_wrong_parameter_is_named(query: dict[str, str]) -> None:
    with pytest.raises(ApiError, match=next(iter(query))) as refused:
        page(**query)

    assert refused.value.status == 400
