"""Notices that nothing succeeds: settings that the server refuses must not write off a corpus."""

from engine.errors import FatalError
from schemas.outcomes import Failed, Outcome

ALIKE_COUNT = 20


class FailureWatch:
    """Ends a run whose first requests all failed for good with the same code."""

    def __init__(self) -> None:
        self._code: str | None = None
        self._count = 0
        self._is_over = False

    def note(self, outcome: Outcome) -> None:
        """Take an outcome into account; one that differs ends the watch.

        Raises:
            FatalError: it is the last of too many that failed alike.
        """
        if self._is_over:
            return
        if not isinstance(outcome, Failed) or self._code not in (None, outcome.code):
            self._is_over = True
            return
        self._code = outcome.code
        self._count += 1
        if self._count >= ALIKE_COUNT:
            raise FatalError(
                f"the first {self._count} requests all failed for good with {outcome.code} "
                f"({outcome.message}); correct the settings, then go on with --retry-failed"
            )
