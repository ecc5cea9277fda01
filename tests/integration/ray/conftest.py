"""One cluster for all tests that need one: it takes ten seconds to start."""

from collections.abc import Iterator

import pytest

from tests.integration.ray.cluster import RunningCluster, start_cluster


@pytest.fixture(scope="package")
def cluster() -> Iterator[RunningCluster]:
    with start_cluster() as running:
        yield running
