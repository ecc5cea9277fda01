"""One server of the S3 protocol for all tests that need one: it takes some seconds to start."""

from collections.abc import Iterator

import pytest

pytest.importorskip("s3fs")

from tests.integration.outside.s3_server import S3Server, start_s3_server


@pytest.fixture(scope="package")
def s3_server() -> Iterator[S3Server]:
    with start_s3_server() as running:
        yield running
