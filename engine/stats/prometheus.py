"""The counters in Prometheus' text format (version 0.0.4), served on loopback."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager

from engine.errors import ConfigError
from engine.stats.counters import Stats, StatsSnapshot

HOST = "127.0.0.1"
PATH = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
GRACE_S = 1.0


@asynccontextmanager
async def serve_metrics(stats: Stats, port: int) -> AsyncIterator[int]:
    """Answer GET /metrics on 127.0.0.1 for the length of the block; yields the port (0: any).

    Raises:
        ConfigError: the port is taken.
    """
    from aiohttp import web

    async def answer(request: web.Request) -> web.Response:
        text = "".join(f"{line}\n" for line in metrics_lines(stats.snapshot()))
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})

    app = web.Application()
    app.router.add_get(PATH, answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as error:
            raise ConfigError(f"--metrics-port {port}: {error.strerror}; name another") from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def metrics_lines(snapshot: StatsSnapshot) -> Iterator[str]:
    """The counters, one sample a line, each name introduced by its type."""
    yield from _metric("sent_total", "counter", {"": snapshot.sent})
    yield from _metric("settled_total", "counter", {"": snapshot.settled})
    yield from _metric("refused_total", "counter", {"": snapshot.refused})
    yield from _metric("failed_total", "counter", _by_label("code", snapshot.failed))
    yield from _metric("retried_total", "counter", _by_label("code", snapshot.retried))
    tokens = {
        "prompt": snapshot.prompt_tokens,
        "completion": snapshot.completion_tokens,
        "cached": snapshot.cached_tokens,
        "cache_write": snapshot.cache_write_tokens,
    }
    yield from _metric("tokens_total", "counter", _by_label("kind", tokens))
    yield from _metric("usd_total", "counter", {"": snapshot.usd})
    yield from _metric("unpriced_total", "counter", {"": snapshot.unpriced})
    latencies = {
        "0.5": snapshot.latency_p50_s,
        "0.95": snapshot.latency_p95_s,
        "0.99": snapshot.latency_p99_s,
    }
    yield from _metric("latency_seconds", "gauge", _by_label("quantile", latencies))
    yield from _metric("in_flight", "gauge", {"": snapshot.in_flight})
    yield from _metric("max_in_flight", "gauge", {"": snapshot.max_in_flight})
    limits = {"requests": snapshot.requests_per_minute, "tokens": snapshot.tokens_per_minute}
    yield from _metric("limit_per_minute", "gauge", _by_label("unit", limits))
    yield from _metric("limit_utilisation", "gauge", {"": snapshot.utilisation})


def _metric(name: str, kind: str, samples: Mapping[str, float | None]) -> Iterator[str]:
    """What is not known has no sample."""
    yield f"# TYPE distill_{name} {kind}"
    for labels, value in samples.items():
        if value is not None:
            yield f"distill_{name}{labels} {value}"


def _by_label(label: str, values: Mapping[str, float | None]) -> dict[str, float | None]:
    return {f'{{{label}="{_escape(name)}"}}': value for name, value in values.items()}


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
