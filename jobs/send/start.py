"""Which way an order is sent: by processes, live, by flex, in batches, or as it pays."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from engine.errors import ConfigError
from jobs.run.batch_folders import may_be_out, send_batch_folder
from jobs.run.lanes import LaneOrder, make_flex_policy

if TYPE_CHECKING:  # each way imports much that the others need not wait for
    from jobs.send.lanes.requests import SendEnd, SendOrder
    from jobs.send.sharded.cluster_process import ClusterPlace
    from jobs.send.sharded.here.processes import HerePlace

    Place = ClusterPlace | HerePlace


def start_sending(
    order: "SendOrder", lane: LaneOrder, place: "Place | None"
) -> Coroutine[Any, Any, "SendEnd"]:
    """What sends `order` once it is awaited. `place` None: this process does.

    Raises:
        ConfigError: flags that exclude each other.
    """
    if place is not None:
        return _by_workers(order, lane, place)
    if order.prints and lane.lane in ("batch", "auto"):
        raise ConfigError(f"--out - shows replies at once, --lane {lane.lane} waits: name a file")
    if lane.lane == "auto":
        from jobs.send.lanes.auto import send_auto

        return send_auto(order, lane)
    order = order._replace(flex=make_flex_policy(lane, order.settings))
    if lane.lane == "batch":
        from jobs.send.lanes.batches import send_batches

        return send_batches(order, lane)
    if may_be_out(send_batch_folder(order.out_path)):
        from jobs.send.lanes.beside_batches import send_beside_batches

        return send_beside_batches(order, lane)
    from jobs.send.lanes.requests import send_requests

    return send_requests(order)


def _by_workers(
    order: "SendOrder", lane: LaneOrder, place: "Place"
) -> Coroutine[Any, Any, "SendEnd"]:
    if lane.lane != "live":
        raise ConfigError(f"workers send live: leave --lane {lane.lane} out")
    from jobs.send.sharded.send_sharded import send_sharded

    return send_sharded(order, place)
