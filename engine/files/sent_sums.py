"""What a log of sends comes to: what may have been billed without a settled request."""

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import orjson

from engine.files.jsonl_lines import damaged_line, read_lines

ROUNDING_USD = 1e-12  # sums of floats do not come back to 0 exactly


class Sends(NamedTuple):
    """What a log of sends comes to, in dollars.

    `lost_usd` by request: replies that never came. `out_usd` by request: sends of which nothing
    more is known; they are settled elsewhere, under way, or were lost with their process.
    `paid_usd` is the cost of settled requests, where it stands nowhere else. `unkept_usd` is what
    of that, by request, a batch has cost whose replies were not kept yet; None: not noted.
    `event_count` is the number of the last event, `size_bytes` are those of the whole lines,
    `missing_count` tells how many events are missing between others.
    """

    lost_usd: dict[str, float]
    out_usd: dict[str, float]
    paid_usd: float
    unkept_usd: dict[str, float] | None
    event_count: int
    size_bytes: int
    missing_count: int


def read_sends(path: Path) -> Sends:
    """Add up a log of sends; no file, no sends.

    Raises:
        DamagedLogError: a line is not one of ours.
    """
    sums = _Sums()
    for number, line in enumerate(read_lines(path), start=1):
        sums.size_bytes += len(line) + 1
        try:
            fields = orjson.loads(line)
            step = fields["step"]
            sums.count(int(fields["event_id"]), step)
            sums.add(step, fields["request_id"], fields["usd"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise damaged_line(path, number, f"not a send ({error})") from error
    return sums.sends()


class _Sums:
    """The events of a log, added up one after the other."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._lost_usd: defaultdict[str, float] = defaultdict(float)
        self._out_usd: defaultdict[str, float] = defaultdict(float)
        self._unkept_usd: dict[str, float] | None = None  # None: what is kept is not noted
        self._paid_usd = 0.0
        self._event_count = 0
        self._missing_count = 0

    def count(self, event_id: int, step: str) -> None:
        if self._event_count and step != "missed":
            self._missing_count += max(event_id - self._event_count - 1, 0)
        self._event_count = max(self._event_count, event_id)

    def add(self, step: str, request_id: str, usd: float) -> None:
        if step == "sent":
            self._out_usd[request_id] += usd
        elif step == "paid":
            self._paid_usd += usd
            is_of_batch = self._out_usd.pop(request_id, 0.0) <= ROUNDING_USD
            if is_of_batch and self._unkept_usd is not None:
                self._unkept_usd[request_id] = usd
        elif step == "kept":
            self._unkept_usd = _without(self._unkept_usd, request_id)
        else:  # the send that this one ends may have been folded
            self._out_usd[request_id] = max(0.0, self._out_usd[request_id] - usd)
            self._lost_usd[request_id] += usd if step == "lost" else 0.0

    def sends(self) -> Sends:
        return Sends(
            _above_zero(self._lost_usd),
            _above_zero(self._out_usd),
            self._paid_usd,
            self._unkept_usd,
            self._event_count,
            self.size_bytes,
            self._missing_count,
        )


def _without(unkept_usd: dict[str, float] | None, request_id: str) -> dict[str, float]:
    """What is left once the reply to one request is kept; an empty id: all are."""
    if unkept_usd is None or not request_id:
        return {}
    unkept_usd.pop(request_id, None)
    return unkept_usd


def _above_zero(dollars: dict[str, float]) -> dict[str, float]:
    return {request_id: usd for request_id, usd in dollars.items() if usd > ROUNDING_USD}
