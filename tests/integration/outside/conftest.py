"""One server of the S3 protocol for all tests that need one: it takes some seconds to start."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.outside.s3_server import S3Server


@pytest.fixture(scope="package")
def s3_server() -> "Iterator[S3Server]":
    from tests.integration.outside.s3_server import start_s3_server  # needs the extra

    with start_s3_server() as running:
        yield running
