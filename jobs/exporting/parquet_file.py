"""Writes the lines of an export as a Parquet file, for the Hugging Face hub."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import orjson

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
    from pyarrow import json, parquet

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
    parsing = json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    waiting: list[Line] = []
    with replacing_bytes(path) as file, parquet.ParquetWriter(file, schema) as writer:

        def write_waiting() -> None:
            if waiting:  # as JSON: for values of Python pyarrow would import pandas
                data = b"\n".join(map(orjson.dumps, waiting))
                reading = json.ReadOptions(use_threads=False, block_size=len(data))
                writer.write_table(json.read_json(BytesIO(data), reading, parsing))
            waiting.clear()

        def write_row(line: Line) -> None:
            waiting.append(line)
            if len(waiting) >= ROWS_AT_ONCE:
                write_waiting()

        yield write_row
        write_waiting()
