"""When an endpoint does not respond: pause, probe with one request at a time, go on by itself."""

import asyncio
import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from engine.clock import Clock
from engine.errors import NeverSentError, OtherEndpointError, OutageError, TransientError
from engine.stopping import Admission

FAILURES_TO_OPEN = 6  # in a row
REQUESTS_TO_OPEN = 3  # that they come from: one request may be what the server stumbles over
FIRST_PROBE_S = 0.5
PROBE_GAP_GROWTH = 1.5
MAX_PROBE_S = 30.0
MAX_FIRST_CONTACT_S = 30.0  # for a server that never responded: the address may be wrong

_log = logging.getLogger(__name__)


class Breaker:
    """Closed while an endpoint responds. Open: only one probe at a time goes through.

    It opens when several requests in a row get no response or an error 5xx, or when none can be
    sent at all; any other response closes it. A request that fails while others are answered
    tells nothing about the endpoint (`is_suspect`).
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
        self._has_responded = False
        self._last_failure = ""
        self.is_open = False
        self.answer_count = 0

    @property
    def takes_probe(self) -> bool:
        """Whether it is open and the time of its next probe has come."""
        return not self._is_probing and self._clock.monotonic_s() >= self._probe_due_s

    async def admit(self, is_patient: Callable[[], bool]) -> None:
        """Wait until a request may go: at once while closed, as the next probe while open.

        Raises:
            OutageError: it has not responded for longer than allowed.
            OtherEndpointError: `is_patient` says that the request is better off elsewhere.
        """
        while self.is_open:
            if self.takes_probe:
                self._is_probing = True
                return
            if not is_patient():
                raise OtherEndpointError(f"{self._name} does not respond")
            self._check_outage()
            if self._is_probing:
                self._changed.clear()
                await self._admission.wait(self._changed.wait())
            else:
                until_s = min(self._probe_due_s, self._failing_since_s + self._allowed_s)
                await self._admission.sleep(max(until_s - self._clock.monotonic_s(), 0.0))

    def succeed(self) -> None:
        """Note a response that is no error 5xx."""
        self._has_responded = True
        self.answer_count += 1
        if self._failures_in_a_row:
            self._failures_in_a_row = 0
            self._failing.clear()
        if self.is_open:
            self.is_open = False
            outage_s = self._clock.monotonic_s() - self._failing_since_s
            _log.warning("%s responds again after %.1f s; going on", self._name, outage_s)
            self._end_probe()

    def fail(self, request_id: str, error: TransientError, *, is_suspect: bool) -> None:
        """Note that a request got no response, or an error 5xx.

        `is_suspect`: others were answered since it first failed, so the fault may be its own.
        """
        now_s = self._clock.monotonic_s()
        self._has_responded = self._has_responded or error.status is not None
        self._last_failure = str(error)
        if is_suspect and not self.is_open and not isinstance(error, NeverSentError):
            return
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
            isinstance(error, NeverSentError) or len(self._failing) >= REQUESTS_TO_OPEN
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
            "%s does not respond (%s); pausing and probing, for up to %.0f s",
            self._name,
            str(error).removeprefix(f"{self._name}: "),
            self._allowed_s,
        )

    def _end_probe(self) -> None:
        self._is_probing = False
        self._changed.set()

    def _check_outage(self) -> None:
        outage_s = self._clock.monotonic_s() - self._failing_since_s
        if outage_s < self._allowed_s:
            return
        if not self._has_responded:
            raise OutageError(
                f"{_host_and_port(self._name)} has not responded once in {outage_s:,.0f} s, "
                f"longer than the {self._allowed_s:,.0f} s allowed ({self._last_failure}); check "
                "base_url, that the server runs, and that this machine can reach it"
            )
        raise OutageError(
            f"{self._name} has not responded for {outage_s:,.0f} s, longer than the "
            f"{self._max_outage_s:,.0f} s allowed; run again when it is back"
        )

    @property
    def _allowed_s(self) -> float:
        if self._has_responded:
            return self._max_outage_s
        return min(self._max_outage_s, MAX_FIRST_CONTACT_S)


def _host_and_port(base_url: str) -> str:
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.hostname}, port {port},"
