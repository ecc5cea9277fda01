"""Runs in virtual time: lane auto against every other lane, and the reads of a prompt cache."""

import random
from collections.abc import Iterable, Iterator

import pytest

from schemas.outcomes import LaneChoice
from tests.simulations import prompt_cache
from tests.simulations.lanes import End, simulate
from tests.simulations.providers import REQUEST_USD, Scenario

SCARCITIES = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
DEADLINES_H = (1 / 6, 0.5, 2.0, 4.0, 12.0, 52.0)
FIXED: tuple[LaneChoice, ...] = ("live", "flex", "batch")
GROUPS, SEEDS_OF_A_GROUP = 5, 20
HOUR_S, DAY_S = 3_600.0, 86_400.0


def scenarios(seeds: Iterable[int]) -> Iterator[Scenario]:
    for seed in seeds:
        uniform = random.Random(seed)
        scarcity, hours = uniform.choice(SCARCITIES), uniform.choice(DEADLINES_H)
        lasts_s = [min(DAY_S, uniform.lognormvariate(0.0, 1.0) * HOUR_S) for _ in range(8)]
        yield Scenario(
            chunks=uniform.randint(20, 60),
            answers_per_chunk=uniform.randint(1, 3),
            scarcity=scarcity,
            batch_s=tuple(lasts_s),
            deadline_s=hours * HOUR_S,
            seed=seed,
        )


def cheapest_usd(scenario: Scenario) -> float:
    """What a job costs where all of it is had at half the price, by flex or in batches."""
    return scenario.chunks * (1 + scenario.answers_per_chunk) * REQUEST_USD / 2


def is_in_time(end: End, scenario: Scenario) -> bool:
    return end.is_done and end.ended_s <= scenario.deadline_s


@pytest.mark.parametrize("group", range(GROUPS))
def test_auto_is_in_time_where_any_lane_is_and_costs_no_more_than_the_best_of_them(
    group: int,
) -> None:
    late, dear = [], []

    for scenario in scenarios(range(group, GROUPS * SEEDS_OF_A_GROUP, GROUPS)):
        auto = simulate(scenario, "auto")
        assert auto.most_billed == 1
        assert abs(auto.reported_usd - auto.billed_usd) <= 0.001 * auto.billed_usd
        least_usd = cheapest_usd(scenario)
        if is_in_time(auto, scenario) and auto.billed_usd <= 1.05 * least_usd:
            continue  # whatever the others do
        most_s = scenario.deadline_s + 1.0  # later, one is no longer in time
        ends = [simulate(scenario, lane, most_s=most_s) for lane in FIXED]
        in_time = [end for end in ends if is_in_time(end, scenario)]
        assert all(end.billed_usd > 0.999 * least_usd for end in in_time)
        if in_time and not is_in_time(auto, scenario):
            late.append((scenario, auto))
        if in_time and auto.billed_usd > 1.05 * min(end.billed_usd for end in in_time):
            dear.append((scenario, auto))

    assert late == []
    assert dear == []


@pytest.mark.parametrize("lane", ["batch", "auto"])
def test_what_is_billed_and_out_stays_below_the_cap_where_batches_are(lane: LaneChoice) -> None:
    for scenario in scenarios(range(20)):
        cap_usd = scenario.chunks * 0.03

        end = simulate(scenario._replace(cap_usd=cap_usd, scarcity=0.5), lane)

        assert not end.is_done
        assert end.billed_usd + end.held_usd <= cap_usd + 1e-9
        assert end.billed_usd > 0.4 * cap_usd
        assert end.most_billed == 1


@pytest.mark.parametrize("lane", ["live", "flex"])
def test_bill_stays_below_the_cap_live_and_by_flex(lane: LaneChoice) -> None:
    for scenario in scenarios(range(20)):
        cap_usd = scenario.chunks * 0.03

        end = simulate(scenario._replace(cap_usd=cap_usd, scarcity=0.5), lane)

        assert not end.is_done
        assert 0.6 * cap_usd < end.billed_usd <= cap_usd


@pytest.mark.parametrize("requests_per_minute", [60, 500])
def test_nine_tenths_of_what_could_be_read_is_read(requests_per_minute: float) -> None:
    corpus = prompt_cache.Corpus(chunks=150, per_chunk=3, in_flight=64, seed=1)

    plain, laid_out = (
        prompt_cache.simulate(corpus, prompt_cache.settings_for(layout, requests_per_minute))
        for layout in ("off", "auto")
    )

    assert plain["requests"] == laid_out["requests"] == 600
    assert laid_out["read"] >= 0.9 * laid_out["could"]
    assert laid_out["usd"] < 0.45 * plain["usd"]
    assert laid_out["minutes"] < 1.2 * plain["minutes"]
