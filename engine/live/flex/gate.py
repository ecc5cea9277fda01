"""Flex: half the price at once, where there is capacity; who may try, and who goes another way."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from engine.clock import Clock
from engine.errors import CapacityError, OutageError, RequestError
from engine.live.retry import Uniform
from engine.stopping import Admission

TIER = "flex"
MEMBER = b'"service_tier":"flex"'  # of a body (OpenAI guide on flex processing)
REFUSALS_TO_CLOSE = 20  # in a row, of all requests: there is no capacity, and not just little
FEW_REFUSALS_TO_CLOSE = 5  # where no request was served for longer than the patience lasts
FIRST_WAIT_S = 1.0
MAX_WAIT_S = 30.0
FIRST_PROBE_S = 2.0
PROBE_GAP_GROWTH = 1.5
MAX_PROBE_S = 10.0
FOREIGN_TO_TELL = 10  # replies in a row by another tier

_log = logging.getLogger(__name__)


class FlexPolicy(NamedTuple):
    """How long scarcity is put up with.

    `is_alone`: requests have no other way, and wait for up to `max_scarce_s` in which none is
    served. Otherwise they go another way after `patience_s`.
    """

    is_alone: bool
    patience_s: float
    max_scarce_s: float


class FlexGate:
    """Whether requests of one model may go by flex now. Shared by all of them.

    Each that is refused waits longer and longer by itself. When many in a row are refused and none
    is served, one at a time probes, and the others wait or go another way.
    """

    def __init__(
        self,
        model: str,
        policy: FlexPolicy,
        *,
        is_wanted: Callable[[], bool],
        admission: Admission,
        clock: Clock,
        uniform: Uniform,
    ) -> None:
        self._model = model
        self._policy = policy
        self._is_wanted = is_wanted
        self._admission = admission
        self._clock = clock
        self._uniform = uniform
        self._refused_in_a_row = 0
        self._scarce_since_s = 0.0
        self._probe_gap_s = FIRST_PROBE_S
        self._probe_due_s = 0.0
        self._is_probing = False
        self._is_told = False
        self._foreign_in_a_row = 0
        self._is_given_up = False

    @property
    def is_alone(self) -> bool:
        """Whether requests have no other way."""
        return self._policy.is_alone

    @property
    def is_closed(self) -> bool:
        """Whether there is no capacity for any request now."""
        if self._refused_in_a_row < FEW_REFUSALS_TO_CLOSE:
            return False
        return self._refused_in_a_row >= REFUSALS_TO_CLOSE or self._has_lasted

    @property
    def is_scarce(self) -> bool:
        """Whether missing capacity is the only reason why requests do not go by flex."""
        return self.is_closed and self._may_go_on()

    async def admit(self, refusal_count: int) -> bool:
        """Wait until a request may try flex; False: it had better go another way.

        `refusal_count` is how often it was refused so far.

        Raises:
            OutageError: no request was served for too long, and there is no other way.
            EngineError: the reason for which nothing may be sent any more.
        """
        if refusal_count and not self.is_closed and self._may_go_on():
            await self._admission.sleep(self._wait_s(refusal_count))
        while self._may_go_on():
            self._admission.check()
            if not self.is_closed or self._takes_probe():
                return True
            self._check_scarcity()
            if not self.is_alone and self._has_lasted:
                return False
            await self._admission.sleep(max(self._probe_due_s - self._clock.monotonic_s(), 1.0))
        return False

    def refuse(self, error: CapacityError) -> None:
        """Note that a request found no capacity."""
        now_s = self._clock.monotonic_s()
        if not self._refused_in_a_row:
            self._scarce_since_s = now_s
        self._refused_in_a_row += 1
        if not self.is_closed:
            return
        if not self._is_told:
            self._is_told = True
            self._probe_gap_s = FIRST_PROBE_S
            _log.warning("flex has no capacity for %s (%s); probing", self._model, error)
        elif self._is_probing:
            self._probe_gap_s = min(self._probe_gap_s * PROBE_GAP_GROWTH, MAX_PROBE_S)
        self._is_probing = False
        self._probe_due_s = max(self._probe_due_s, now_s + self._probe_gap_s)

    def serve(self, tier: str) -> None:
        """Note a reply, and the tier that really served it."""
        if self._is_told:
            self._is_told = False
            _log.warning("flex has capacity for %s again; going on", self._model)
        self._refused_in_a_row = 0
        self._is_probing = False
        self._foreign_in_a_row = 0 if tier == TIER else self._foreign_in_a_row + 1
        if self._foreign_in_a_row != FOREIGN_TO_TELL:
            return
        self._is_given_up = not self.is_alone
        _log.warning(
            "%s was asked for by flex, but its last %d replies name another tier (%s): they cost "
            "what that one does%s",
            self._model,
            FOREIGN_TO_TELL,
            tier or "the usual one",
            "" if self.is_alone else "; the rest goes another way",
        )

    def release(self) -> None:
        """Note that an attempt ended with an error that says nothing of capacity."""
        self._is_probing = False

    def give_up(self, error: RequestError) -> None:
        """Note that the model is not served by flex at all."""
        if not self._is_given_up:
            _log.warning("%s is not served by flex: %s", self._model, error)
        self._is_given_up = True

    def _may_go_on(self) -> bool:
        return not self._is_given_up and (self.is_alone or self._is_wanted())

    @property
    def _scarce_s(self) -> float:
        return self._clock.monotonic_s() - self._scarce_since_s

    @property
    def _has_lasted(self) -> bool:
        return self._scarce_s > self._policy.patience_s

    def _takes_probe(self) -> bool:
        if self._is_probing or self._clock.monotonic_s() < self._probe_due_s:
            return False
        self._is_probing = True
        return True

    def _check_scarcity(self) -> None:
        if self.is_alone and self._scarce_s > self._policy.max_scarce_s:
            raise OutageError(
                f"flex has had no capacity for {self._model} for {self._scarce_s:,.0f} s, longer "
                f"than the {self._policy.max_scarce_s:,.0f} s allowed (limits.max_outage_s); run "
                "again later, or with --lane auto, which goes another way meanwhile"
            )

    def _wait_s(self, refusal_count: int) -> float:
        longest_s = min(FIRST_WAIT_S * 2 ** min(refusal_count - 1, 16), MAX_WAIT_S)
        if not self.is_alone:  # and no longer than until it may leave
            longest_s = min(longest_s, max(self._policy.patience_s - self._scarce_s, 0.0) + 1.0)
        return self._uniform(longest_s / 2, longest_s)


def refuses_tier(error: RequestError) -> bool:
    """Whether a host says that it does not know the tier, or not for this model."""
    words = f"{error.code} {error}".lower()
    return error.status in (400, 404, 422) and ("service_tier" in words or "service tier" in words)
