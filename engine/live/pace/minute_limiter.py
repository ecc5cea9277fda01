"""Units a minute, spent evenly: aiolimiter with a rate that may change, refunds and debts."""

from aiolimiter import AsyncLimiter

from engine.wire.replies.rate_headers import Allowance

TICK_S = 0.05  # of the bucket is taken at once: to ask it for each small unit costs as much again
MIN_PACE = 0.1
PACE_CUT = 0.85  # a refusal
PACE_EASE = 0.97  # a debt that is not ours
PACE_GAIN = 0.0007  # an answer
SURE_GAIN = 0.004  # an answer while the provider's bucket is no emptier than ours
FOREIGN_DEBT_FACTOR = 1.3
MAX_COMPARABLE_DEBT_S = 5.0
SPARED_SHARE = 0.2
MINUTES_PER_DAY = 1440.0
DAY_SHARE_TO_RESUME = 0.01


class MinuteLimiter:
    """Units per minute with a short burst. One caller takes at a time; cancelled, it took nothing.

    The bucket holds time, not units: at 20 units a second one unit takes 0.05 s of it. So a new
    rate holds from the next unit on, and what the provider says of its own bucket ("full again in
    0.4 s") can be compared with it. A request larger than one burst goes when the bucket is empty
    and those after it wait until it is paid off: large requests are not passed for ever by small
    ones, and what they did not use is not waited for. For small ones the bucket is asked once a
    tick.
    """

    def __init__(self, ceiling_per_minute: float | None, *, burst_s: float) -> None:
        self._ceiling_per_minute = ceiling_per_minute
        self._burst_s = burst_s
        self._tick_s = min(TICK_S, burst_s / 4.0)
        self._bucket = AsyncLimiter(burst_s, burst_s)
        self._owed_s = 0.0  # above 0: to be waited for by the next; below 0: paid for already
        self._has_room = False
        self._is_day_used_up = False
        self.is_spared = False  # by the last reply, the provider charges much less than we do
        self.is_given = ceiling_per_minute is not None  # by the settings, not learnt
        self.units_per_minute = ceiling_per_minute
        self._set_pace(1.0)
        self.remaining: float | None = None  # by the last reply; None where it did not say
        self.taken_s = 0.0

    def is_paid(self, cost_s: float) -> bool:
        """Whether `cost_s` may be taken without asking the bucket."""
        if not self.unit_s:
            return True
        self._forget_idle_credit()
        return self._owed_s + cost_s <= 0.0

    def take_paid(self, cost_s: float) -> None:
        """Take `cost_s`, of which `is_paid` says that it may be."""
        self._owed_s += cost_s
        self.taken_s += cost_s

    async def take(self, cost_s: float) -> None:
        """Wait for `cost_s` of the bucket, after what earlier requests still owe."""
        if not self.unit_s:
            return
        while self._owed_s > 0.0:
            await self._bucket.acquire(share_s := min(self._owed_s, self._burst_s))
            self._owed_s -= share_s
        if not self.is_paid(cost_s):
            share_s = min(max(cost_s + self._owed_s, self._tick_s), self._burst_s)
            await self._bucket.acquire(share_s)
            self._owed_s -= share_s  # refunds may have come in while we waited
        self.take_paid(cost_s)

    def give_back(self, cost_s: float) -> None:
        """Return what was taken and not used (negative: charge what was used beyond)."""
        self._owed_s = max(self._owed_s - cost_s, -self._burst_s)
        self.taken_s -= cost_s

    def follow(self, limit_per_minute: float) -> bool:
        """Adopt the provider's limit below our ceiling; whether it was news."""
        if self._ceiling_per_minute is not None:
            limit_per_minute = min(limit_per_minute, self._ceiling_per_minute)
        return self._adopt(limit_per_minute)

    def follow_day(self, allowance: Allowance) -> bool:
        """Spread what comes back of a day's allowance that is used up; whether it was news.

        A unit comes back at a time: as many as wait would each be refused but one. Once a share
        of the day is there again, the limit of before holds.
        """
        per_minute = allowance.limit / MINUTES_PER_DAY
        remaining = allowance.remaining or 0.0
        if self._is_day_used_up:
            if remaining < DAY_SHARE_TO_RESUME * allowance.limit:
                return False
            self._is_day_used_up = False
            return self._adopt(self._ceiling_per_minute)
        if remaining > 0.0:
            return False
        self._is_day_used_up = True
        return self.follow(per_minute)

    def _adopt(self, limit_per_minute: float | None) -> bool:
        if limit_per_minute == self.units_per_minute:
            return False
        self.units_per_minute = limit_per_minute
        self._set_pace(1.0)
        return True

    def note_debt(self, debt_s: float) -> bool:
        """Compare with the provider's own bucket, `debt_s` from being full; whether we slow down.

        More than we alone could have caused means that another program uses the account, or that
        the provider charges more than we do: then we wait until it is paid off. A debt of many
        seconds is not comparable: such a bucket holds a minute, and is not near its end.
        """
        self._has_room = debt_s <= self._burst_s
        self.is_spared = debt_s < self._burst_s * SPARED_SHARE
        if not self._burst_s * FOREIGN_DEBT_FACTOR < debt_s <= MAX_COMPARABLE_DEBT_S:
            return False
        self._owed_s = max(self._owed_s, debt_s - self._burst_s)
        self._set_pace(max(MIN_PACE, self.pace * PACE_EASE))
        return True

    def lacks(self, units: float) -> bool:
        """Whether the provider, as far as it said, could not have let `units` pass."""
        return self.remaining is None or self.remaining < units

    def slow_down(self) -> None:
        """Note a refusal in spite of the limit: others use the account, or it is wrong."""
        self._set_pace(max(MIN_PACE, self.pace * PACE_CUT))

    def speed_up(self) -> None:
        """Note an answered request."""
        if self.pace < 1.0:
            gain = SURE_GAIN if self._has_room else PACE_GAIN
            self._set_pace(min(1.0, self.pace + gain))

    def _set_pace(self, pace: float) -> None:
        """Go at a share of the limit; `unit_s` is the time that one unit takes then."""
        limit = self.units_per_minute
        self.pace = pace
        self.unit_s = 0.0 if limit is None else 60.0 / (limit * pace)

    def _forget_idle_credit(self) -> None:
        """What is paid for beyond a full bucket would be a second burst."""
        if self._owed_s < 0.0 and self._bucket.has_capacity(self._burst_s):
            self._owed_s = 0.0
