import io
import sys

import pytest

from engine.testing.clocks import ManualClock
from jobs.run.progress import RunProgress, TimeLeft


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def pass_over(progress: RunProgress) -> None:
    with progress:
        for stage in ("questions", "evaluation/answers"):
            with progress.begin(stage, total=3, done=1) as line:
                line.advance(dropped_count=1)
                line.advance()


def test_stages_share_one_line_of_a_terminal(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    pass_over(RunProgress(["questions", "evaluation/answers"], lambda: {"usd": "0.5"}))

    shown = terminal.getvalue()
    assert shown.count("\n") == 1
    assert "1 of 2, questions: 100%" in shown
    last = shown.rpartition("\r")[2]
    assert last.startswith("2 of 2, answers: 100%")
    assert "3/3" in last
    assert "dropped=1, usd=0.5" in last


def test_elsewhere_each_stage_has_lines_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    pass_over(RunProgress(["questions", "evaluation/answers"], dict))

    assert caplog.messages[-1].startswith("2 of 2, answers: 3/3")
    assert any(line.startswith("1 of 2, questions: 3/3") for line in caplog.messages)


def test_time_left_is_told_once_the_pace_is_known() -> None:
    clock, settled, left = ManualClock(), 0, 500
    time_left = TimeLeft(lambda: settled, lambda: left, clock)

    assert time_left.details() == {}
    clock.go(minutes=1)
    settled = 100

    assert time_left.details() == {"left": "05:00"}
    left = 0
    assert time_left.details() == {}
