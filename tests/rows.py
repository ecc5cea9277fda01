"""A test over a table that runs as one test: reporting one costs more than most rows do."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Test = Callable[..., Any]


def each_row(names: str, rows: Iterable[Any]) -> Callable[[Test], Test]:
    """As `pytest.mark.parametrize`, also one above the other; the only fixture is `tmp_path`.

    Each row has an empty folder of its own. The first row that fails ends the test; its number and
    values are told with the failure.
    """
    keys = [name.strip() for name in names.split(",")]
    table = [dict(zip(keys, row if len(keys) > 1 else [row], strict=True)) for row in rows]
    assert table, "a table without rows would pass whatever the test says"

    def over_rows(test: Test) -> Test:
        def run(**given: Any) -> None:
            __tracebackhide__ = True
            for number, row in enumerate(table, 1):
                with told_with(number, row):
                    test(**row, **_in_own_folder(given, number))

        async def run_async(**given: Any) -> None:
            __tracebackhide__ = True
            for number, row in enumerate(table, 1):
                with told_with(number, row):
                    await test(**row, **_in_own_folder(given, number))

        runs: Any = run_async if inspect.iscoroutinefunction(test) else run
        runs.__name__, runs.__qualname__ = test.__name__, test.__qualname__
        runs.__module__, runs.__doc__ = test.__module__, test.__doc__
        taken = inspect.signature(test).parameters
        others = [taken[name] for name in taken if name not in keys]
        runs.__signature__ = inspect.Signature(others)  # what is still to be handed in
        runs.place_as = test  # where pytest says that it stands
        return runs  # type: ignore[no-any-return]

    return over_rows


def _in_own_folder(given: dict[str, Any], number: int) -> dict[str, Any]:
    if "tmp_path" not in given:
        return given
    folder = given["tmp_path"] / f"{number}"
    folder.mkdir()
    return {**given, "tmp_path": folder}


@contextmanager
def told_with(number: int, row: object) -> Iterator[None]:
    """What fails in the block is told with the number of its row, and with the row."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"row {number}: {row}")
        raise
