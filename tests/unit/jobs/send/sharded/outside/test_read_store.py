"""Which stores can be named, and where their keys come from."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.errors import ConfigError
from jobs.send.sharded.outside.stores import StoreOrder, read_store
from tests.rows import each_row

KEYS = {"AWS_ACCESS_KEY_ID": "an-id", "AWS_SECRET_ACCESS_KEY": "a-secret"}
NEEDS_S3FS = pytest.mark.skipif(find_spec("s3fs") is None, reason="could not import 's3fs'")


@NEEDS_S3FS
def test_keys_are_those_of_the_environment_and_in_no_repr() -> None:
    order = read_store(
        "s3://bucket/some/prefix", {**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    )

    assert order.keys is not None
    assert (order.keys.key_id, order.keys.secret) == ("an-id", "a-secret")
    assert order.keys.endpoint_url == "http://127.0.0.1:1"
    assert "a-secret" not in repr(order)
    assert StoreOrder.model_validate_json(order.model_dump_json()) == order


@NEEDS_S3FS
def test_bucket_without_a_key_and_folder_that_is_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be in"):
        read_store("s3://bucket/prefix", {"AWS_ACCESS_KEY_ID": "an-id"})
    with pytest.raises(ConfigError, match="there is no such folder on this machine"):
        read_store((tmp_path / "nowhere").as_uri(), {})
    assert read_store(tmp_path.as_uri(), {}) == StoreOrder(url=tmp_path.as_uri())


@each_row(
    "url", ["", "gs://bucket/x", "/folder", "file://host/x", "s3://", "s3://B/x", "s3://b/x?y=1"]
)
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="expected s3://BUCKET/PREFIX or file:///FOLDER"):
        read_store(url, KEYS)


def test_key_that_was_written_into_the_address_is_not_said() -> None:
    with pytest.raises(ConfigError) as refused:
        read_store("s3://an-id:a-secret@bucket/prefix", KEYS)

    assert "a-secret" not in str(refused.value)
