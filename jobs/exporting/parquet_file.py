"""Writes the lines of an export as a Parquet file, for the Hugging Face hub."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from engine.errors import ConfigError
from engine.extras import install_command
from engine.files.replace import replacing_bytes
from jobs.exporting.row_formats import Line, WriteRow

ROWS_AT_ONCE = 1_000  # in memory, and in a row group


def require_parquet() -> None:
    """Refuse where Parquet cannot be written.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    if find_spec("pyarrow") is None:
        raise ConfigError(f"--format parquet needs pyarrow: {install_command('parquet')}")


@contextmanager
def writing_parquet(path: Path) -> Iterator[WriteRow]:
    """A new file of rows of the format `parquet`; it takes the place of `path` in one step."""
    import pyarrow
    from pyarrow import parquet

    texts = pyarrow.list_(pyarrow.string())
    message = pyarrow.struct([("role", pyarrow.string()), ("content", pyarrow.string())])
    schema = pyarrow.schema(
        [
            ("messages", pyarrow.list_(message)),
            ("kind", pyarrow.string()),
            ("document", pyarrow.string()),
            ("evidence", texts),
            ("is_unanswerable", pyarrow.bool_()),
        ]
    )
    waiting: list[Line] = []
    with replacing_bytes(path) as file, parquet.ParquetWriter(file, schema) as writer:

        def write_waiting() -> None:
            writer.write_table(pyarrow.Table.from_pylist(waiting, schema=schema))
            waiting.clear()

        def write_row(line: Line) -> None:
            waiting.append(line)
            if len(waiting) >= ROWS_AT_ONCE:
                write_waiting()

        yield write_row
        write_waiting()
