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
    of that, by request, a batch has cost whose replies were not kept yet; None: by nobody noted.
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
    lost_usd: defaultdict[str, float] = defaultdict(float)
    out_usd: defaultdict[str, float] = defaultdict(float)
    unkept_usd: dict[str, float] | None = None  # where nobody notes what is kept: none
    paid_usd, event_count, size_bytes, missing_count = 0.0, 0, 0, 0
    for number, line in enumerate(read_lines(path), start=1):
        size_bytes += len(line) + 1
        try:
            fields = orjson.loads(line)
            step, request_id, usd = fields["step"], fields["request_id"], fields["usd"]
            event_id = int(fields["event_id"])
            if event_count and step != "missed":
                missing_count += max(event_id - event_count - 1, 0)
            event_count = max(event_count, event_id)
            if step == "sent":
                out_usd[request_id] += usd
            elif step == "paid":
                paid_usd += usd
                is_of_batch = out_usd.pop(request_id, 0.0) <= ROUNDING_USD
                if is_of_batch and unkept_usd is not None:
                    unkept_usd[request_id] = usd
            elif step == "kept":
                unkept_usd = _without(unkept_usd, request_id)
            else:
                out_usd[request_id] = max(0.0, out_usd[request_id] - usd)  # its send may be folded
                lost_usd[request_id] += usd if step == "lost" else 0.0
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise damaged_line(path, number, f"not a send ({error})") from error
    return Sends(
        _above_zero(lost_usd),
        _above_zero(out_usd),
        paid_usd,
        unkept_usd,
        event_count,
        size_bytes,
        missing_count,
    )


def _without(unkept_usd: dict[str, float] | None, request_id: str) -> dict[str, float]:
    """What is left once the reply to one request is kept; an empty id: all are."""
    if unkept_usd is None or not request_id:
        return {}
    unkept_usd.pop(request_id, None)
    return unkept_usd


def _above_zero(dollars: dict[str, float]) -> dict[str, float]:
    return {request_id: usd for request_id, usd in dollars.items() if usd > ROUNDING_USD}
