import pytest

from engine.errors import FatalError
from engine.stopping import ALIKE_COUNT, FailureWatch
from schemas.outcomes import Failed, Outcome, Usage
from tests.unit.engine.fakes import make_completed, make_request


def make_failed(code: str = "unsupported_parameter") -> Failed:
    return Failed(
        request_id="r",
        model="m",
        purpose="questions",
        lane="live",
        attempts=1,
        usage=Usage(),
        cost_usd=0.0,
        latency_s=0.1,
        settled_at="2026-11-25T00:00:00Z",
        code=code,
        message="max_completion_tokens is not known",
        status=400,
    )


def test_many_first_requests_that_fail_alike_end_the_run() -> None:
    watch = FailureWatch()

    for _ in range(ALIKE_COUNT - 1):
        watch.note(make_failed())

    with pytest.raises(FatalError, match=r"unsupported_parameter.*is not known.*--retry-failed"):
        watch.note(make_failed())


@pytest.mark.parametrize(
    "other", [make_completed(make_request("r")), make_failed("context_length_exceeded")]
)
def test_one_request_that_ends_otherwise_ends_the_watch(other: Outcome) -> None:
    watch = FailureWatch()

    watch.note(make_failed())
    watch.note(other)

    ends = [watch.note(make_failed()) for _ in range(2 * ALIKE_COUNT)]
    assert ends == [None] * (2 * ALIKE_COUNT)
