"""Any bytes and any values as JSON."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from engine.wire.lenient_json import NotJsonError, dump_json, parse_json
from schemas.requests import Json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary())
def test_any_bytes_are_read_or_refused_and_what_is_read_can_be_written(data: bytes) -> None:
    try:
        value = parse_json(data)
    except NotJsonError:
        return

    assert orjson.loads(dump_json(value)) == value


@given(JSON, st.booleans())
def test_sound_values_are_read_alike_by_both_parsers(value: Json, is_damaged: bool) -> None:
    data = orjson.dumps([value, None])
    damaged = data[:-5] + b"NaN]"

    assert parse_json(damaged if is_damaged else data) == [value, None]
