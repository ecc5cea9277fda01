"""Joins a Ray cluster, or starts one on this machine for as long as this process lives."""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ray

from engine.errors import ConfigError

NAMESPACE = "corpus-distill"
OWN_NAME = "r"  # names of sockets are short
OBJECT_STORE_BYTES = 100 << 20  # nothing large is put there; by itself it takes 30% of the memory


@contextmanager
def joined_cluster(address: str | None, folder: Path) -> Iterator[None]:
    """While the block runs, this process drives actors of a cluster.

    The files of one that is started here lie below `folder`, which is this user's alone: Ray opens
    its own to everybody.

    Raises:
        ConfigError: none answers at the address, or none could be started.
    """
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR, "namespace": NAMESPACE}
    try:
        if address is None:
            ray.init(
                "local",
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES,
                _temp_dir=str(folder / OWN_NAME),
                **quiet,
            )
        else:
            ray.init(address, **quiet)
    except Exception as error:  # Ray raises that itself, where a machine is too busy to begin
        what = str(error).strip().splitlines()[0][:200] if str(error).strip() else repr(error)
        if address is None:
            raise ConfigError(f"Ray could not be started on this machine: {what}") from error
        raise ConfigError(
            f"--address {address}: no Ray cluster could be joined there ({what}); start one "
            "with `ray start --head` on that machine and run this on one of its machines, with "
            "the same token (docs/ray.md)"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def core_count() -> int:
    """The cores of all machines of the cluster."""
    cores: float = ray.cluster_resources().get("CPU", 1.0)
    return max(1, math.floor(cores))
