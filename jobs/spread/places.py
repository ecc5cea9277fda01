"""Where a command does its work, by its flags."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import ConfigError

if TYPE_CHECKING:  # what is imported for a cluster takes time that other calls need not wait
    from jobs.run.lanes import LaneOrder
    from jobs.run.open_stages import AskingOrder
    from jobs.run.spread_parts import OpenSpread
    from jobs.send.sharded.cluster_process import ClusterPlace

_log = logging.getLogger(__name__)


def read_cluster(
    on: str,
    workers: int | None,
    address: str | None,
    segments: str | None,
    environment: Mapping[str, str],
) -> "ClusterPlace | None":
    """The cluster that flags name; None: all is done in this process.

    `segments` is the address of a store, whose keys are in the environment.

    Raises:
        ConfigError: they name nothing that there is; the store has no key.
    """
    if on == "ray":
        from jobs.send.sharded.cluster_process import ClusterPlace
        from jobs.send.sharded.outside.stores import read_store

        store = None if segments is None else read_store(segments, environment)
        return ClusterPlace(address, workers, store)
    if on != "here":
        raise ConfigError(f"--on: found {on!r}, expected here or ray")
    flags = (("--address", address), ("--workers", workers), ("--segments", segments))
    for flag, value in flags:
        if value is not None:
            raise ConfigError(f"{flag} is for --on ray: add it, or leave it out")
    return None


def place_of_lane(place: "ClusterPlace | None", lane: "LaneOrder") -> "ClusterPlace | None":
    """Where requests of a lane are made: one process submits batches, and packs and collects them.

    So no cluster is joined for these, and the same command line serves with either lane.
    """
    if place is not None and lane.lane == "batch":
        _log.info(
            "--lane batch: this process packs, submits and collects; a provider's limits on "
            "batches are below what it can do, so no worker is started (docs/scale.md)"
        )
        return None
    return place


def open_spread(place: "ClusterPlace | None", order: "AskingOrder") -> "OpenSpread | None":
    """What has the items of an order worked on at a cluster; None: the command does it itself.

    Raises:
        ConfigError: workers there cannot do what is ordered.
    """
    place = place_of_lane(place, order.lane)
    if place is None:
        return None
    from jobs.spread.ray_spread import RaySpread, SpreadOrder, check_spread

    check_spread(order.folder, order.settings, order.lane, order.metrics_port)
    return partial(RaySpread, SpreadOrder(order.folder, order.settings, order.endpoints, place))
