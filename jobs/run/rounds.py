"""Rounds of a run in batches: collect, pass over the stages, submit, wait, and again."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from engine.batch.desk import BatchDesk
from engine.batch.lane import BatchLane
from engine.clock import Clock
from engine.errors import TransientError
from engine.stopping import Admission, Stopping
from jobs.run.lanes import BACK_TO_FLEX_TIME, LanePlan

_log = logging.getLogger(__name__)

RunPass = Callable[[], Awaitable[bool]]


class Rounds:
    """Takes a run as far as batches allow. `run_pass` returns whether nothing is left to ask."""

    def __init__(
        self,
        run_pass: RunPass,
        desk: BatchDesk,
        lane: BatchLane,
        *,
        plan: LanePlan,
        poll_s: float,
        clock: Clock,
        stopping: Stopping,
    ) -> None:
        self._run_pass = run_pass
        self._desk = desk
        self._lane = lane
        self._plan = plan
        self._poll_s = poll_s
        self._clock = clock
        self._admission = Admission(clock)
        stopping.on_request(self._admission.close)
        self._name = ""
        self._is_all_live = plan.lane in ("live", "flex")
        self._is_pass_due = self._is_all_live
        self._is_pass_wanted = self._is_late = False
        if self._is_all_live:
            lane.goes_live = _always
        elif lane.has_flex and plan.lane == "auto":
            lane.tries_flex = self._is_flex_time
            lane.goes_live = self._goes_live

    async def run(self, name: str, *, is_changed: bool) -> None:
        """Go on until all is done, or for one round if batches are not to be waited for.

        `name` distinguishes the passes of this command from those of others that share the ledger.

        Raises:
            TransientError: the provider does not answer, and it is not to be waited for.
            EngineError: any error that ends the run early.
        """
        if self._plan.lane == "auto":
            for line in self._plan.describe(self._open_count, has_flex=self._lane.has_flex):
                _log.info("%s", line)
        self._name = name
        ledger = self._desk.ledger
        was_cut_off = len(self._desk.outbox) != ledger.waiting_count
        is_other = ledger.passed_by != name
        self._is_pass_due = self._is_pass_due or is_changed or was_cut_off or is_other
        while True:
            least_s = 0.0
            try:
                if await self._round() or not (self._plan.waits and self._is_worth_waiting):
                    return
            except TransientError as error:
                if not self._plan.waits:
                    raise
                _log.warning("%s; waiting for the provider", error)
                least_s = error.retry_after_s or 0.0
            await self._admission.sleep(max(least_s, self._pause_s()))

    def _pause_s(self) -> float:
        """Until the next poll, or until the plan changes if that comes first."""
        pause_s = self._desk.next_poll_s()
        switches_at = self._plan.switches_at(self._open_count, has_batches=self._may_have_batches)
        if switches_at is None:
            return pause_s
        left_s = (switches_at - self._clock.utc_now()).total_seconds()
        return min(pause_s, max(left_s, self._poll_s))

    def _is_flex_time(self) -> bool:
        """Whether flex can be waited for: not once the deadline is near."""
        return not self._goes_live("")

    def _goes_live(self, _: str) -> bool:
        return self._is_all_live or self._is_live_time()

    def _is_live_time(self) -> bool:
        """Whether the time that is left is only just enough to send the rest live.

        Once it was, some time must be to spare before it is so no more: changing ways costs time.
        """
        now = self._clock.utc_now() + (BACK_TO_FLEX_TIME if self._is_late else timedelta())
        self._is_late = self._plan.is_live_time(
            now, self._open_count, has_batches=self._may_have_batches
        )
        return self._is_late

    @property
    def _may_have_batches(self) -> bool:
        """Whether batches must be cancelled before the rest can go live; with flex none may be."""
        return bool(self._desk.out) or not self._lane.has_flex

    @property
    def _open_count(self) -> int:
        out = sum(batch.intent.request_count for batch in self._desk.out)
        return out + len(self._desk.outbox)

    @property
    def _is_worth_waiting(self) -> bool:
        """Whether batches are out, or requests wait for room in the limit of enqueued tokens."""
        return bool(self._desk.out or len(self._desk.outbox))

    async def _round(self) -> bool:
        desk, ledger = self._desk, self._desk.ledger
        await desk.collect()
        if self._is_live_time():
            await self._go_live()
        is_due = self._is_pass_due or ledger.needs_pass or not self._is_worth_waiting
        if not is_due and len(desk.outbox):
            is_due = await self._submit()
        while is_due:
            _log.info("round %d", ledger.pass_count + 1)
            if await self._pass() or await self._send_remainder():
                await ledger.note_pass(0, self._name)
                self._warn_of_rest()
                return True
            is_due = await self._submit()
        self._is_pass_due, self._is_pass_wanted = self._is_pass_wanted, False
        self._report()
        return False

    async def _submit(self) -> bool:
        """Submit what fits; returns whether items may go on at once, as requests were given up.

        With flex nothing is submitted that has no time for it: it tries flex again, then goes live.
        """
        now = self._clock.utc_now()
        if self._lane.has_flex and not self._plan.is_batch_time(now, self._open_count):
            self._is_pass_wanted = True
            return False
        before = self._desk.given_up_count
        waiting_count = await self._desk.submit_outbox()
        lacks_money = self._desk.lacks_money
        await self._desk.ledger.note_pass(waiting_count, self._name, lacks_money=lacks_money)
        return self._desk.given_up_count > before

    async def _pass(self) -> bool:
        """Pass over the stages; they spool anew what they still ask for."""
        with await self._desk.outbox.rewrite():
            """Nothing stays: it may be of an earlier round, and of other settings."""
        return await self._run_pass()

    async def _go_live(self) -> None:
        """Cancel batches that will miss the deadline; what they have answered is kept."""
        if not self._is_all_live:
            _log.warning("the deadline is near or past: batches are cancelled, the rest goes live")
            self._lane.goes_live = _always
            self._is_all_live = self._is_pass_due = True
        if await self._desk.cancel(self._desk.out):
            await self._desk.collect()

    async def _send_remainder(self) -> bool:
        """Send live what is too little for a batch, until nothing or enough for one is left.

        What flex left for want of capacity was to cost half: it goes into a batch, however little.
        """
        while not self._lane.is_flex_scarce and 0 < len(self._desk.outbox) < self._plan.live_below:
            ids = frozenset(request.request_id for request in self._desk.outbox.read())
            _log.info("%d requests are too few for a batch: they go live", len(ids))
            before, self._lane.goes_live = self._lane.goes_live, ids.__contains__
            try:
                if await self._pass():
                    return True
            finally:
                self._lane.goes_live = before
        return False

    def _warn_of_rest(self) -> None:
        if count := len(self._desk.out):
            _log.warning(
                "%d batches are out that this command does not wait for: `distill batches` shows "
                "and cancels them; any call with --lane batch collects what they have answered",
                count,
            )

    def _report(self) -> None:
        out = self._desk.out
        requests = sum(batch.intent.request_count for batch in out)
        _log.info(
            "batches out: %d with %s requests; waiting for a batch: %s",
            len(out),
            f"{requests:,}",
            f"{len(self._desk.outbox):,}",
        )


def _always(_: str) -> bool:
    return True
