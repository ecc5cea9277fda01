import gc
from collections.abc import Iterator

import pytest

from engine.wire.endpoints import Endpoint
from jobs.garbage import COLLECTIONS_BETWEEN_LARGER_ONES, OBJECTS_BETWEEN_COLLECTIONS
from jobs.send.sharded.send_shard import WorkerOrder, send_shard
from jobs.send.sharded.shard_sender import ShardSender
from tests.unit.jobs.evaluation.made_run import make_settings

OF_PYTHON = (700, 10, 10)


@pytest.fixture
def collecting() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*OF_PYTHON)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("collecting")
def test_process_of_a_worker_looks_for_garbage_rarely_whoever_has_started_it() -> None:
    endpoint = Endpoint("http://127.0.0.1:9/v1", "no-key")

    ShardSender(WorkerOrder(make_settings(), (endpoint,)), send_shard)

    assert gc.get_threshold() == (
        OBJECTS_BETWEEN_COLLECTIONS,
        COLLECTIONS_BETWEEN_LARGER_ONES,
        COLLECTIONS_BETWEEN_LARGER_ONES,
    )
