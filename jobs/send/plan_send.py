"""What sending a file of requests would cost at most. Sends nothing."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from engine.files.lock import WriterLock
from engine.stopping import Stopping
from engine.wire.prices import counted_sends, make_price, worst_case_usd, worst_usage
from jobs.amounts import rough_time
from jobs.run.batch_folders import read_requests_out
from jobs.send.check_batch_file import check_batch_file
from jobs.send.lanes.requests import SendOrder
from jobs.send.request_sources import (
    CheckedSource,
    RequestSource,
    SourceCounts,
    StreamSource,
    open_standard_input,
)
from jobs.send.result_files import ResultFiles, check_paths, result_paths
from schemas.settings import LimitSettings, RunSettings


class SendPlan(NamedTuple):
    """What is left to send of a source. `usd` at live prices, None: one is unknown."""

    counts: SourceCounts
    requests: int
    prompt_tokens: int
    completion_tokens: int
    usd: float | None

    def describe(self, settings: RunSettings) -> Iterator[str]:
        """A name and a value a line."""
        before = self.counts.answered_before + self.counts.failed_before
        yield f"{'requests':<16} {self.requests:,} to send, {before:,} settled before"
        if self.counts.bad:
            yield f"{'lines left out':<16} {self.counts.bad:,}"
        written = f"at most {self.completion_tokens:,} out"
        yield f"{'tokens':<16} about {self.prompt_tokens:,} in, {written}"
        yield f"{'dollars':<16} {self._dollars(settings)}"
        yield f"{'time':<16} {self._time(settings.limits)}"

    def _dollars(self, settings: RunSettings) -> str:
        if self.usd is None:
            return "unknown: no price for a model (prices, docs/configuration.md)"
        shares = (
            ("live", 1.0),
            ("flex", settings.tiers.flex),
            ("batch", settings.batch.price_share),
        )
        costs = ", ".join(f"{self.usd * share:.4f} {lane}" for lane, share in shares)
        return f"at most {costs}"

    def _time(self, limits: LimitSettings) -> str:
        """What the limits that were given allow; what is written counts between none and all."""
        by_requests = _minutes(self.requests, limits.requests_per_minute)
        least = max(by_requests, _minutes(self.prompt_tokens, limits.tokens_per_minute))
        tokens = self.prompt_tokens + self.completion_tokens
        most = max(by_requests, _minutes(tokens, limits.tokens_per_minute))
        if not most:
            live = "unknown live: neither --rpm nor --tpm is given"
        else:
            low, high = rough_time(60 * least), rough_time(60 * most)
            live = f"{low if low == high else f'{low} to {high}'} live, by the limits given"
        return f"{live}; at most a day a batch"


def _minutes(amount: float, per_minute: float | None) -> float:
    """How long so much takes under a limit; 0 without one."""
    return amount / per_minute if per_minute else 0.0


async def plan_send(order: SendOrder) -> SendPlan:
    """Check all lines, and add up the worst case of those that are not settled.

    Raises:
        ConfigError: bad input.
        RunInUseError: another process writes these results.
        DamagedLogError: a file of results is damaged.
    """
    paths = result_paths(order.out_path)
    check_paths(order.input_path, paths)
    async with AsyncExitStack() as opened:
        if paths.answers.exists() or paths.errors.exists():
            opened.enter_context(WriterLock(paths.lock, guarded=paths.answers))
        else:  # opening them would make them
            folder = opened.enter_context(TemporaryDirectory(prefix="distill-send-"))
            paths = result_paths(Path(folder) / "replies")
        out = read_requests_out(order.out_path)
        results = await opened.enter_async_context(ResultFiles(paths, out))
        skips = order.skips_bad_lines
        source: RequestSource
        if order.input_path is None:
            source = StreamSource(await open_standard_input(), results, skips_bad_lines=skips)
        else:
            source = CheckedSource(
                check_batch_file(order.input_path, results, Stopping(), skips_bad_lines=skips)
            )
        return await _add_up(source, order.settings)


async def _add_up(source: RequestSource, settings: RunSettings) -> SendPlan:
    price, sends = make_price(settings.prices), counted_sends(settings.limits)
    count = prompt_tokens = completion_tokens = 0
    usd: float | None = 0.0
    while (request := await source.next()) is not None:
        count += 1
        prompt_tokens += request.prompt_tokens
        completion_tokens += worst_usage(request, sum(sends)).completion_tokens
        cost = worst_case_usd(price, request, sends)
        usd = None if usd is None or cost is None else usd + cost
    return SendPlan(source.counts(), count, prompt_tokens, completion_tokens, usd)
