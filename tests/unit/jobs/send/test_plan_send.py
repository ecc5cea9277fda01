from jobs.send.plan_send import SendPlan
from jobs.send.request_sources import SourceCounts
from schemas.settings import LimitSettings, RunSettings
from tests.rows import each_row

PLAN = SendPlan(
    SourceCounts(wanted=600, answered_before=0, failed_before=0, bad=0),
    requests=600,
    prompt_tokens=100_000,
    completion_tokens=500_000,
    usd=2.0,
)


@each_row(
    "limits, time",
    [
        ({}, "unknown live: neither --rpm nor --tpm is given; at most a day a batch"),
        ({"requests_per_minute": 300}, "2.0 min live, by the limits given; at most a day a batch"),
        ({"tokens_per_minute": 50_000}, "2.0 min to 12 min live, by the limits given; "),
        ({"requests_per_minute": 60, "tokens_per_minute": 50_000}, "10 min to 12 min live, "),
    ],
)
def test_time_is_what_the_given_limits_allow(limits: dict[str, int], time: str) -> None:
    settings = RunSettings(limits=LimitSettings(**limits))

    lines = list(PLAN.describe(settings))

    assert lines[-1].removeprefix("time").strip().startswith(time)
    assert "at most 2.0000 live, 1.0000 flex, 1.0000 batch" in lines[-2]
