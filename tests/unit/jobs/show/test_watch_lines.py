"""A run on one small screen."""

from datetime import timedelta

from engine.testing.clocks import EPOCH
from jobs.dataset.stages import DATASET
from jobs.show.watch_lines import watch_lines
from schemas.summary import BatchesSummary, OpenBatch
from tests.rows import each_row
from tests.unit.jobs.show.test_describe import SUMMARY, state

NOW = EPOCH + timedelta(minutes=5)
OPEN = OpenBatch(
    batch="000001",
    batch_id="batch_x",
    state="in_progress",
    request_count=900,
    answered_count=45,
    made_at=(EPOCH - timedelta(hours=7)).isoformat(),
    expires_at=(EPOCH + timedelta(hours=17)).isoformat(),
)


def shown(width: int = 80, height: int = 22, **changes: object) -> list[str]:
    summary = SUMMARY.model_copy(update=changes)
    return watch_lines(summary, DATASET, NOW, width=width, height=height)


def test_screen_has_state_stages_rest_and_cost() -> None:
    text = "\n".join(shown())

    assert "state         running: distill run, begun 5 min ago" in text
    assert ">answers      █░░░░░░░░░░░░░░░░░░░░░░░ 54 of 761  54 kept, 0 dropped" in text
    assert " questions    ████████████████████████ 20 of 20" in text
    assert "a sample of 20 of 457 chunks" in text
    assert "left          about 707 requests, 5 min 54 s at the present 2 a second" in text
    assert "cost          $0.5000 of $2.00 (25%), 10% of it estimated" in text


def test_batches_are_told_by_the_one_that_expires_first() -> None:
    later = OPEN.model_copy(update={"expires_at": (EPOCH + timedelta(hours=20)).isoformat()})
    batches = BatchesSummary(
        out=2, requests_out=1800, collected=3, wasted_usd=0.0, open=(later, OPEN)
    )

    text = "\n".join(shown(batches=batches))

    assert "batches       2 out with 1,800 requests, 3 collected" in text
    assert "oldest: in_progress, 45 of 900 answered, expires in 16 h 55 min" in text


@each_row("width, height", [(80, 22), (40, 10), (20, 3)])
def test_nothing_is_wider_or_longer_than_the_screen(width: int, height: int) -> None:
    long = state(name="failed", message="a server\nsaid \x1b[31m " + "x" * 300)

    lines = shown(width, height, state=long)

    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert "\x1b" not in "".join(lines)
    assert any(line.endswith("…") for line in lines)
