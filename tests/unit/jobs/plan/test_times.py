"""How long a plan takes by each lane, by limits and replies."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.files.journal import encode_outcome
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing.calls import chat_request, completed
from jobs.plan.times import ENOUGH_REPLIES, ROUND_S, lane_times, read_pace
from jobs.settings.resolve import read_assignments, resolve_settings
from schemas.outcomes import LaneName
from schemas.plan import Amount, LaneTime, StagePlan
from schemas.settings import RunSettings

SAMPLED = Amount(value=600.0, low=480.0, high=720.0)
MOST = Amount(value=None, low=None, high=720.0)
NO_TOKENS = Amount(value=0.0, low=0.0, high=0.0)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "run")
    made.create()
    return made


def settings_of(*assignments: str) -> RunSettings:
    return resolve_settings([read_assignments(["teacher.model=m", *assignments])])


def by_lane(
    folder: RunFolder, settings: RunSettings, requests: Amount = SAMPLED, stage: str = "answers"
) -> dict[str, LaneTime]:
    planned = StagePlan(
        stage=stage,
        requests=requests,
        prompt_tokens=NO_TOKENS,
        completion_tokens=NO_TOKENS,
        usd=None,
    )
    return {time.way: time for time in lane_times([planned], read_pace(folder, settings), settings)}


def answered(
    folder: RunFolder, latencies_s: list[float], *, tier: str = "", lane: LaneName = "live"
) -> None:
    outcomes = [
        replace(completed(chat_request(str(n)), lane=lane), latency_s=taken_s, service_tier=tier)
        for n, taken_s in enumerate(latencies_s)
    ]
    replace_file(folder.journal_path, map(encode_outcome, outcomes))


def test_live_is_between_the_ends_of_the_sample_by_what_takes_longest(folder: RunFolder) -> None:
    answered(folder, [2.0] * ENOUGH_REPLIES)
    at_once = "limits.max_in_flight=8"

    slow = by_lane(folder, settings_of("limits.requests_per_minute=120", at_once))["live"]
    fast = by_lane(folder, settings_of("limits.requests_per_minute=6000", at_once))["live"]

    assert (slow.low_s, slow.high_s) == (240.0, 360.0)
    assert slow.source == "120 requests a minute, as set"
    assert (fast.low_s, fast.high_s) == (120.0, 180.0)
    assert fast.source == "2.0 s a reply so far, 8 at once"


def test_flex_that_was_never_seen_is_between_live_and_the_longest_reply(folder: RunFolder) -> None:
    settings = settings_of("limits.requests_per_minute=6000", "limits.max_in_flight=8")

    flex = by_lane(folder, settings)["flex"]

    assert flex.low_s == by_lane(folder, settings)["live"].low_s
    assert flex.high_s == 720 * 900 / 8
    assert flex.source.startswith("from live's time to 15 min a reply (limits.flex_timeout_s)")
    assert "cannot be predicted" in flex.source


def test_flex_replies_of_the_run_tell_of_others(folder: RunFolder) -> None:
    answered(folder, [4.0, 4.0, 4.0, 4.0, 14.0], tier="flex", lane="flex")

    flex = by_lane(folder, settings_of("limits.max_in_flight=8"))["flex"]

    assert (flex.low_s, flex.high_s) == (480 * 6 / 8, 720 * 14 / 8)
    assert "6.0 s a reply so far, the slowest 14.0 s" in flex.source


def test_batches_and_few_replies_tell_nothing_of_live(folder: RunFolder) -> None:
    answered(folder, [2.0] * (ENOUGH_REPLIES - 1))
    few = by_lane(folder, settings_of())["live"]
    answered(folder, [5000.0] * ENOUGH_REPLIES, lane="batch")
    batches = by_lane(folder, settings_of())["live"]

    assert few == batches
    assert (few.low_s, few.high_s) == (None, None)
    assert few.source == "no limit and no reply is known yet"


def test_a_stage_that_asks_further_takes_two_rounds_of_batches(folder: RunFolder) -> None:
    answers = by_lane(folder, settings_of())["batch"]
    scores = by_lane(folder, settings_of(), stage="evaluation/scores")["batch"]

    assert (answers.low_s, answers.high_s) == (None, ROUND_S)
    assert scores.high_s == 2 * ROUND_S


def test_auto_is_from_flex_to_batches_and_says_which_deadlines_it_keeps(folder: RunFolder) -> None:
    lanes = by_lane(folder, settings_of("limits.requests_per_minute=120"))
    dear = by_lane(folder, settings_of("tiers.flex=0.9"))["auto"]

    assert lanes["auto"].low_s == lanes["flex"].low_s
    assert lanes["auto"].high_s == ROUND_S
    assert "a --deadline is kept from 19 min ahead on" in lanes["auto"].source
    assert dear.source == "batches: flex costs more"
    assert (dear.low_s, dear.high_s) == (None, ROUND_S)


def test_without_a_sample_the_most_alone_is_known(folder: RunFolder) -> None:
    lanes = by_lane(folder, settings_of("limits.requests_per_minute=120"), MOST)

    assert {time.low_s for time in lanes.values()} == {None}
    assert lanes["live"].high_s == 360.0


def test_model_here_has_one_way_alone(folder: RunFolder) -> None:
    settings = resolve_settings([read_assignments(["teacher.provider=local"])])

    assert list(by_lane(folder, settings)) == ["live"]


def test_what_is_done_makes_no_sample_of_what_is_left(folder: RunFolder) -> None:
    settings = settings_of("limits.requests_per_minute=120")
    done, left = (
        StagePlan(
            stage=stage,
            requests=requests,
            prompt_tokens=NO_TOKENS,
            completion_tokens=NO_TOKENS,
            usd=None,
        )
        for stage, requests in (("questions", NO_TOKENS), ("answers", MOST))
    )

    live, *_ = lane_times([done, left], read_pace(folder, settings), settings)

    assert (live.low_s, live.high_s) == (None, 360.0)
