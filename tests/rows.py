"""A test over a table that runs as one test: reporting one costs more than most rows do."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Test = Callable[..., Any]


def each_row(names: str, rows: Iterable[Any]) -> Callable[[Test], Test]:
    """As `pytest.mark.parametrize`, for a test that takes its row and no fixture.

    The first row that fails ends the test; its number and values are told with the failure.
    """
    keys = [name.strip() for name in names.split(",")]
    table = [dict(zip(keys, row if len(keys) > 1 else [row], strict=True)) for row in rows]
    assert table, "a table without rows would pass whatever the test says"

    def over_rows(test: Test) -> Test:
        def run() -> None:
            __tracebackhide__ = True
            for number, row in enumerate(table, 1):
                with _told_with(number, row):
                    test(**row)

        async def run_async() -> None:
            __tracebackhide__ = True
            for number, row in enumerate(table, 1):
                with _told_with(number, row):
                    await test(**row)

        runs: Any = run_async if inspect.iscoroutinefunction(test) else run
        runs.__name__, runs.__qualname__ = test.__name__, test.__qualname__
        runs.__module__, runs.__doc__ = test.__module__, test.__doc__
        runs.place_as = test  # where pytest says that it stands
        return runs  # type: ignore[no-any-return]

    return over_rows


@contextmanager
def _told_with(number: int, row: dict[str, Any]) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        error.add_note(f"row {number}: {row}")
        raise
