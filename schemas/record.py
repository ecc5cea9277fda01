"""The bases of all values and records, and the content ids that identify records."""

import hashlib

import orjson
from pydantic import BaseModel, ConfigDict

ID_BYTES = 16


class Value(BaseModel):
    """Immutable and without an id; a field that it does not know is an error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,  # at first use: a command uses few of all records
    )


class Record(Value):
    """A value with an id, so that it can be a line of a file: its first field, `<something>_id`."""


class Span(Value):
    """A half-open range of characters `[start_char, end_char)` of a document's text."""

    start_char: int
    end_char: int


def is_empty(value: object) -> bool:
    """Whether a field is left out of a line: one that lines of earlier versions do not have."""
    return not value


def content_id(*parts: object) -> str:
    """32 hexadecimal digits that depend on nothing but the JSON value of `parts`.

    Equal content has an equal id in every process and on every machine; keys of mappings are
    sorted first. 128 bits: a collision is out of the question for any corpus.
    """
    canonical = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(canonical, digest_size=ID_BYTES).hexdigest()
