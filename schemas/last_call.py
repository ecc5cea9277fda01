"""What a run folder says of the last command that wrote it."""

from typing import Literal

from schemas.record import Value

CommandEnding = Literal["complete", "left", "interrupted", "failed"]


class LastCall(Value):
    """RUN/last_call.json: which command wrote the run last, when, and how that ended.

    `ending` None: it is at work still, or was killed before it could say. `left`: it did what it
    could, and some items wait; `message` says why, or what went wrong. `idle_rounds` calls in a
    row have brought nothing: what is on disk was `size_bytes` after each, and no batch of the last
    day was out.
    """

    command: str
    process: int
    host: str
    began_at: str
    ended_at: str | None = None
    ending: CommandEnding | None = None
    message: str = ""
    idle_rounds: int = 0
    size_bytes: int = 0
