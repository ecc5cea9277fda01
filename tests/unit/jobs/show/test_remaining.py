"""What is left of a run's requests, and at which rate they go."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.files.records import encode_record, read_records
from engine.files.replace import replace_file
from engine.run_folder import RunFolder
from engine.testing.clocks import EPOCH
from jobs.show.remaining import find_remaining, rate_per_s
from schemas.dataset import Question
from schemas.summary import RequestSummary, StageSummary
from tests.rows import each_row
from tests.unit.jobs.evaluation.made_run import make_run, make_settings


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """Twelve questions, nine of them on the training side."""
    folder = make_run(tmp_path / "run", make_settings())
    kept = read_records(folder.results_path("kept_questions"), Question)
    replace_file(folder.results_path("questions"), map(encode_record, kept))
    return folder


def stage(total: int, finished: int, results: int) -> StageSummary:
    return StageSummary(total=total, finished=finished, results=results, dropped={})


def settled(count: int) -> RequestSummary:
    return RequestSummary(
        completed=count,
        failed=0,
        prompt_tokens=0,
        cached_tokens=0,
        completion_tokens=0,
        cost_usd=0.0,
    )


def lines(*points: tuple[float, int]) -> list[dict[str, Any]]:
    return [
        {"at": (EPOCH + timedelta(seconds=at_s)).isoformat(), "settled": count}
        for at_s, count in points
    ]


def test_chunks_that_are_left_bring_as_many_questions_as_those_before(folder: RunFolder) -> None:
    stages = {"questions": stage(24, 12, 12)}

    left = find_remaining(folder, stages, {"questions": settled(12)}, per_s=None)

    assert left is not None
    assert left.requests == 12 + 18  # 12 chunks; 9 questions to answer and 9 to come
    assert (left.per_s, left.seconds) == (None, None)


def test_requests_of_an_item_are_counted_as_they_were_so_far(folder: RunFolder) -> None:
    stages = {
        "questions": stage(12, 12, 12),
        "kept_questions": stage(12, 12, 12),
        "answers": stage(30, 10, 10),
    }

    left = find_remaining(folder, stages, {"answers": settled(25)}, per_s=0.5)

    assert left is not None
    assert left.requests == 50  # 20 answers of 2.5 requests
    assert left.seconds == 100


def test_nothing_is_said_before_enough_was_done(folder: RunFolder) -> None:
    assert find_remaining(folder, {"questions": stage(500, 3, 9)}, {}, per_s=1.0) is None
    assert find_remaining(folder, {}, {}, per_s=1.0) is None


def test_rate_is_that_of_the_last_minutes() -> None:
    snapshots = lines((0, 0), (1000, 10), (1200, 110), (1300, 310))

    assert rate_per_s(snapshots) == pytest.approx(1.0)  # from 1000 on


@each_row("points", [[], [(0, 0)], [(0, 0), (5, 100)], [(0, 0), (60, 3)]])
def test_rate_is_not_told_from_too_little(points: list[tuple[float, int]]) -> None:
    assert rate_per_s(lines(*points)) is None
