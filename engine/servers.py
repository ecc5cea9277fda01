"""Several servers behind one lane: each request goes to the one that it names."""

from collections.abc import Callable, Mapping, Sequence

from engine.ask import Lane
from engine.errors import ConfigError, FatalError, OutageError
from engine.stats.counters import LimitGauges
from engine.stopping import Stopping
from schemas.outcomes import Outcome
from schemas.requests import Request

OWN_SERVER = ""  # the name of the run's own


class ServerLanes:
    """The lanes of all servers by name. What ends one of them ends all."""

    def __init__(self, lanes: Mapping[str, Lane], *, stopping: Stopping) -> None:
        self._lanes = lanes
        self._stopping = stopping

    async def send(self, request: Request) -> Outcome:
        """Return how `request` ended at its server.

        Raises:
            ConfigError: there is no such server.
            What that server's lane raises.
        """
        lane = self._lanes.get(request.server)
        if lane is None:
            raise ConfigError(
                f"a request is for the server {request.server!r}, which no settings name"
            )
        try:
            return await lane.send(request)
        except (FatalError, OutageError) as error:
            self._stopping.request(error)  # the others must not go on buying for a run that ends
            raise

    async def aclose(self) -> None:
        """Close all lanes."""
        for lane in self._lanes.values():
            await lane.aclose()


def add_gauges(readers: Sequence[Callable[[], LimitGauges]]) -> LimitGauges:
    """What holds requests back at all servers together; utilisation is that of the busiest."""
    gauges = [read() for read in readers]
    return LimitGauges(
        requests_per_minute=sum(each.requests_per_minute or 0.0 for each in gauges) or None,
        tokens_per_minute=sum(each.tokens_per_minute or 0.0 for each in gauges) or None,
        max_in_flight=sum(each.max_in_flight for each in gauges),
        utilisation=max(
            (each.utilisation for each in gauges if each.utilisation is not None), default=None
        ),
    )
