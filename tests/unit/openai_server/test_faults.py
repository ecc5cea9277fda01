from contextlib import suppress
from typing import get_args

import pytest

from tests.openai_server import Faults
from tests.openai_server.errors import ApiError
from tests.openai_server.faults import ErrorFault, Fault, FaultPlan, ReplyFault, WireFault
from tests.rows import each_row


def error_of(fault: Fault) -> ApiError:
    with pytest.raises(ApiError) as raised:
        FaultPlan(Faults()).raise_error(fault)
    return raised.value


@each_row("fault", get_args(ErrorFault))
def test_every_error_fault_has_an_error_reply(fault: Fault) -> None:
    error = error_of(fault)

    assert error.status >= 400
    assert sorted(error.body()["error"]) == ["code", "message", "param", "type"]


def test_other_faults_are_no_error_replies() -> None:
    plan, passed = FaultPlan(Faults()), list[Fault]()
    others = [*get_args(WireFault), *get_args(ReplyFault)]

    for fault in (*get_args(ErrorFault), *others):
        with suppress(ApiError):
            plan.raise_error(fault)
            passed.append(fault)

    assert passed == others


def test_rate_limit_comes_with_milliseconds_a_date_or_nothing() -> None:
    assert error_of("rate_limit_exceeded").headers["Retry-After-Ms"] == "500"
    assert error_of("rate_limit_with_date").headers["Retry-After"].endswith("GMT")
    assert error_of("rate_limit_without_retry_after").headers == {}


def test_faults_by_number_go_before_probabilities() -> None:
    plan = FaultPlan(Faults(calls={2: "html"}, probabilities={"empty": 1.0}))

    assert [plan.choose(number) for number in (1, 2, 3)] == ["empty", "html", "empty"]


def test_draws_are_seeded_and_meet_their_probabilities() -> None:
    faults = Faults(probabilities={"slow_down": 0.1, "cut_off": 0.03}, seed=5)
    plan, same = FaultPlan(faults), FaultPlan(faults)

    drawn = [plan.choose(number) for number in range(10_000)]

    assert drawn == [same.choose(number) for number in range(10_000)]
    assert 900 < drawn.count("slow_down") < 1_100
    assert 240 < drawn.count("cut_off") < 360
