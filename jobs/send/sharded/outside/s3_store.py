"""A store in a bucket of S3, by fsspec. Only who has such a store imports this."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import s3fs
from aiohttp import ClientError as ConnectionBroken
from botocore.exceptions import BotoCoreError, ClientError

from engine.errors import ConfigError, TransientError
from jobs.send.sharded.outside.stores import STORE_AWAY, S3Keys

# s3fs tries again by itself: five times, which that in botocore would multiply.
CONNECTION = {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 0}}
REFUSED = "see that the key may read, write, list and delete there (docs/ray.md)"


class S3Store:
    """Objects of a bucket below a prefix. It writes an object whole or not at all."""

    def __init__(self, url: str, keys: S3Keys) -> None:
        self._url = url.rstrip("/")
        self._root = self._url.removeprefix("s3://")
        named = {"endpoint_url": keys.endpoint_url, "region_name": keys.region}
        self._files = s3fs.S3FileSystem(
            key=keys.key_id,
            secret=keys.secret,
            token=keys.token,
            client_kwargs={name: value for name, value in named.items() if value},
            config_kwargs=CONNECTION,
            use_listings_cache=False,
            skip_instance_cache=True,  # it would be kept with its keys
        )

    def put_new(self, name: str, data: bytes) -> bool:
        """As Store.put_new: by a put that is refused where there is an object (If-None-Match).

        Where it fails it may have come through all the same: so it is looked at what is there.
        """
        try:
            with self._present(), self._errors():
                self._files.pipe_file(f"{self._root}/{name}", data, mode="create")
        except (TransientError, FileExistsError):
            held = self.get(name)
            if held is None:
                raise
            return held == data
        return True

    def get(self, name: str) -> bytes | None:
        """As Store.get."""
        try:
            with self._errors():
                data: bytes = self._files.cat_file(f"{self._root}/{name}")
        except FileNotFoundError:
            return None
        return data

    def upload(self, path: Path, name: str) -> None:
        """As Store.upload."""
        with self._present(), self._errors():
            self._files.put_file(str(path), f"{self._root}/{name}")

    def download(self, name: str, path: Path) -> None:
        """As Store.download."""
        with self._present(), self._errors():
            self._files.get_file(f"{self._root}/{name}", str(path))

    def names(self, prefix: str) -> list[str]:
        """As Store.names. Some servers list folders that have become empty: these are none."""
        folder, _, start = prefix.rpartition("/")
        below = f"{self._root}/"
        with self._errors():
            found = self._files.find(below + folder, prefix=start)
        names = (each.removeprefix(below) for each in found if each.startswith(below))
        return sorted(name for name in names if name.startswith(prefix))

    def remove(self, prefix: str) -> None:
        """As Store.remove: what s3fs does not tell that it has left is removed one by one."""
        self._remove_at_once(self.names(prefix))
        self.remove_each(self.names(prefix))

    def remove_each(self, names: Sequence[str]) -> None:
        """As Store.remove_each: one by one, which tells why one cannot be."""
        for name in names:
            with suppress(FileNotFoundError), self._errors():
                self._files.rm_file(f"{self._root}/{name}")

    def _remove_at_once(self, names: Sequence[str]) -> None:
        if names:
            with self._present(), self._errors():
                self._files.rm([f"{self._root}/{name}" for name in names])

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Raise our errors, but for FileNotFoundError and FileExistsError."""
        try:
            yield
        except (FileNotFoundError, FileExistsError):
            raise
        except PermissionError as error:
            raise ConfigError(f"{self._url}: refused ({error}); {REFUSED}") from error
        except (OSError, BotoCoreError, ClientError, ConnectionBroken) as error:
            words = str(error) or type(error).__name__
            raise TransientError(f"{self._url}: {words}", code=STORE_AWAY) from error

    @contextmanager
    def _present(self) -> Iterator[None]:
        """Where there must be something, it is the bucket that is not there."""
        try:
            yield
        except FileNotFoundError as error:
            raise ConfigError(f"{self._url}: not found ({error}); see the bucket's name") from error
