"""When an endpoint answers nobody: pause, probe with one request at a time, go on by itself."""

import asyncio
import logging
from collections.abc import Callable

from engine.clock import Clock
from engine.errors import OutageError, TransientError
from engine.live.transport import NEVER_SENT
from engine.stopping import Admission

FAILURES_TO_OPEN = 6  # in a row
REQUESTS_TO_OPEN = 3  # that they come from: one request may be what the server stumbles over
FIRST_PROBE_S = 0.5
PROBE_GAP_GROWTH = 1.5
MAX_PROBE_S = 30.0
SET_ASIDE = "set_aside"  # code of what was not even tried: another endpoint is better

_log = logging.getLogger(__name__)


class Breaker:
    """Closed while an endpoint answers anybody. Open: only one probe at a time goes through.

    Failures in a row of several requests open it, or that none can be sent at all; one answer
    closes it. Failures while it is open are the endpoint's, not the requests'.
    """

    def __init__(
        self, name: str, *, max_outage_s: float, admission: Admission, clock: Clock
    ) -> None:
        self._name = name
        self._max_outage_s = max_outage_s
        self._admission = admission
        self._clock = clock
        self._failures_in_a_row = 0
        self._failing: set[str] = set()
        self._failing_since_s = 0.0
        self._probe_gap_s = FIRST_PROBE_S
        self._probe_due_s = 0.0
        self._is_probing = False
        self._changed = asyncio.Event()
        self.is_open = False

    @property
    def takes_probe(self) -> bool:
        """Whether it is open and the time of its next probe has come."""
        return not self._is_probing and self._clock.monotonic_s() >= self._probe_due_s

    async def admit(self, is_patient: Callable[[], bool]) -> None:
        """Wait until a request may go: at once while closed, as the next probe while open.

        Raises:
            OutageError: nobody was answered for longer than allowed.
            TransientError: `is_patient` says that the request is better off elsewhere.
        """
        while self.is_open:
            if self.takes_probe:
                self._is_probing = True
                return
            if not is_patient():
                raise TransientError(f"{self._name} answers nobody", code=SET_ASIDE)
            self._check_outage()
            if self._is_probing:
                self._changed.clear()
                await self._admission.wait(self._changed.wait())
            else:
                await self._admission.sleep(self._probe_due_s - self._clock.monotonic_s())

    def succeed(self) -> None:
        """Note that somebody was answered."""
        if self._failures_in_a_row:
            self._failures_in_a_row = 0
            self._failing.clear()
        if self.is_open:
            self.is_open = False
            outage_s = self._clock.monotonic_s() - self._failing_since_s
            _log.warning("%s answers again after %.1f s; going on", self._name, outage_s)
            self._end_probe()

    def fail(self, request_id: str, error: TransientError) -> None:
        """Note that a request was not answered."""
        now_s = self._clock.monotonic_s()
        if self._failures_in_a_row == 0:
            self._failing_since_s = now_s
        self._failures_in_a_row += 1
        if self.is_open:
            if self._is_probing:
                self._probe_gap_s = min(self._probe_gap_s * PROBE_GAP_GROWTH, MAX_PROBE_S)
                self._probe_due_s = now_s + self._probe_gap_s
                self._end_probe()
            return
        self._failing.add(request_id)
        if self._failures_in_a_row >= FAILURES_TO_OPEN and (
            error.code == NEVER_SENT or len(self._failing) >= REQUESTS_TO_OPEN
        ):
            self._open(error, now_s)

    def abandon_probe(self) -> None:
        """Note that a request was cancelled; if it was the probe, another may be made."""
        if self._is_probing:
            self._end_probe()

    def _open(self, error: TransientError, now_s: float) -> None:
        self.is_open = True
        self._probe_gap_s = FIRST_PROBE_S
        self._probe_due_s = now_s + self._probe_gap_s
        _log.warning(
            "%s answers nobody (%s); pausing and probing, for up to %.0f s",
            self._name,
            str(error).removeprefix(f"{self._name}: "),
            self._max_outage_s,
        )

    def _end_probe(self) -> None:
        self._is_probing = False
        self._changed.set()

    def _check_outage(self) -> None:
        outage_s = self._clock.monotonic_s() - self._failing_since_s
        if outage_s > self._max_outage_s:
            raise OutageError(
                f"{self._name} has answered nobody for {outage_s:,.0f} s, longer than the "
                f"{self._max_outage_s:,.0f} s allowed; run again when it is back"
            )
