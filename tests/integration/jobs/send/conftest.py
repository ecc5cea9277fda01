"""A stand-in that the tests of a file share."""

from collections.abc import Iterator

import pytest

from tests.openai_server import RunningServer, start_openai_server


@pytest.fixture(scope="module")
def running() -> Iterator[RunningServer]:
    with start_openai_server({}) as server:
        yield server


@pytest.fixture
def server(running: RunningServer) -> Iterator[RunningServer]:
    yield running
    running.control.configure(faults={}, latency={}, outage=None)
