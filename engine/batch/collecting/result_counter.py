"""How the requests of one batch ended, counted as its results are read."""

from collections import deque
from dataclasses import dataclass, field

from engine.batch.collecting.asked import RequestEnd, Returned
from engine.errors import FatalError
from engine.stopping import FailureWatch
from engine.wire.output_sizes import REPLIES_KEPT
from schemas.batches import BatchAttempt, BatchTally
from schemas.outcomes import Completed, Failed


@dataclass
class ResultCounter:
    """Counts how the requests of a batch end. `new_usd` is what was not known to be spent before.

    `named` are the requests that a line was about, `unnamed` counts lines about none of the batch:
    they may be what is missing. `postponed` are those with a line that is no answer, for another
    line may be one. `fatal` is why no further request can succeed, if a line says so.
    `output_tokens` are those of the last answers.
    """

    answered: int = 0
    failed: int = 0
    returned: int = 0
    strange: int = 0
    unnamed: int = 0
    named: set[str] = field(default_factory=set)
    postponed: set[str] = field(default_factory=set)
    cost_usd: float = 0.0
    lost_usd: float | None = None
    form_works: bool | None = None
    new_usd: float = 0.0
    output_tokens: deque[int] = field(default_factory=lambda: deque(maxlen=REPLIES_KEPT))
    fatal: FatalError | None = None
    watch: FailureWatch = field(default_factory=FailureWatch)

    def count(self, end: RequestEnd) -> None:
        """Count how a request ended."""
        match end:
            case Returned():
                self.returned += 1
                self.fatal = self.fatal or end.reason
                return
            case BatchAttempt():
                self.returned += 1
            case Completed():
                self.answered += 1
                if not end.is_estimated:
                    self.output_tokens.append(end.usage.completion_tokens)
                self.watch.note(end)
            case Failed():
                self.failed += 1
                self._note_failed(end)
        self.cost_usd += end.cost_usd or 0.0

    def lose(self, usd: float | None, *, is_known: bool) -> None:
        """Count what was paid for answers that are lost; `is_known`: the ledger has it already."""
        self.lost_usd = usd
        self.new_usd += 0.0 if is_known else usd or 0.0

    def tally(self) -> BatchTally:
        """What the ledger keeps of it."""
        return BatchTally(
            answered=self.answered,
            failed=self.failed,
            returned=self.returned,
            cost_usd=self.cost_usd,
            lost_usd=self.lost_usd,
            form_works=self.form_works,
        )

    def _note_failed(self, failed: Failed) -> None:
        try:
            self.watch.note(failed)
        except FatalError as error:
            self.fatal = self.fatal or error
