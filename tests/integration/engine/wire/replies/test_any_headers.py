"""Any headers of a reply."""

from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from engine.wire.replies.rate_headers import (
    MAX_WAIT_S,
    REQUESTS,
    read_allowance,
    read_retry_after_s,
)
from tests.unit.engine.wire.replies.test_rate_headers import NOW

HEADER_NAMES = st.sampled_from(
    ["retry-after", "retry-after-ms", "date", REQUESTS.limit, REQUESTS.remaining, REQUESTS.reset]
)


HEADER_VALUES = (
    st.text(max_size=20)
    | st.floats().map(str)
    | st.integers().map(str)
    | st.datetimes().map(lambda moment: format_datetime(moment))
    | st.integers(min_value=0).map(lambda number: f"{number}h{number}m")
)


@given(st.dictionaries(HEADER_NAMES, HEADER_VALUES))
def test_any_headers_mean_a_wait_of_a_day_at_most_or_none(headers: dict[str, str]) -> None:
    wait_s = read_retry_after_s(headers, NOW)
    allowance = read_allowance(headers, REQUESTS, NOW)

    assert wait_s is None or 0.0 <= wait_s <= MAX_WAIT_S
    assert allowance is None or allowance.limit > 0
    assert allowance is None or allowance.reset_s is None or allowance.reset_s <= MAX_WAIT_S
