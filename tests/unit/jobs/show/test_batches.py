from datetime import UTC, datetime
from pathlib import Path

from jobs.show.batches import describe_batches
from schemas.batches import Batch, BatchIntent, RemoteState

ESCAPE = "\x1b]0;owned\x07\x1b[2J\u202e"
INTENT = BatchIntent(
    url="/v1/chat/completions",
    model="m",
    purpose="answers",
    request_count=3,
    prompt_tokens=60,
    size_bytes=500,
    sha256="0f",
)


def test_nothing_that_a_host_says_of_a_batch_moves_the_cursor() -> None:
    now = datetime.now(UTC).isoformat()
    remote = RemoteState(
        batch_id=f"b{ESCAPE}1", status=f"odd{ESCAPE}", problem_code=f"c{ESCAPE}", problem=ESCAPE
    )
    batch = Batch(name="000001", intent=INTENT, remote=remote, intended_at=now, changed_at=now)

    shown = describe_batches(Path("RUN"), [batch])

    assert all(character.isprintable() or character == "\n" for character in shown)
    assert "b1" in shown
