"""Stores of named objects, each written once; and one in a folder that machines mount."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from pydantic import Field

from engine.errors import ConfigError, TransientError
from engine.extras import install_command
from schemas.record import Value

STORE_AWAY = "store_away"
FLAG = "--segments"
OWNER_ONLY = 0o700
TEMPORARY = ".new-"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class Store(Protocol):
    """Named objects. Calls block, and may come from several threads at once.

    All raise TransientError where it does not answer, and ConfigError where it refuses.
    """

    def put_new(self, name: str, data: bytes) -> bool:
        """Write an object unless there is one of that name; whether it holds `data` now.

        Of several that try it with data of their own, one succeeds. Tried again it changes nothing.
        """
        ...

    def get(self, name: str) -> bytes | None:
        """What an object holds, None: there is none."""
        ...

    def upload(self, path: Path, name: str) -> None:
        """Write an object from a file of any size."""
        ...

    def download(self, name: str, path: Path) -> None:
        """Write an object that is there to a file."""
        ...

    def names(self, prefix: str) -> list[str]:
        """The names of all objects that begin with `prefix`, sorted."""
        ...

    def remove(self, prefix: str) -> None:
        """Remove all objects whose names begin with `prefix`, which ends in a slash."""
        ...

    def remove_each(self, names: Sequence[str]) -> None:
        """Remove these objects, as far as they are there."""
        ...


class S3Keys(Value):
    """What opens a bucket. It travels as an argument, and is in no repr."""

    key_id: str = Field(repr=False)
    secret: str = Field(repr=False)
    token: str | None = Field(default=None, repr=False)
    endpoint_url: str | None = None
    region: str | None = None


class StoreOrder(Value):
    """Which store, and what opens it."""

    url: str
    keys: S3Keys | None = None


def read_store(url: str, environment: Mapping[str, str], *, flag: str = FLAG) -> StoreOrder:
    """The store at an address, with its keys, which are in the environment alone.

    `flag` is where the address comes from, in messages.

    Raises:
        ConfigError: there is no such store, or no key.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        if not Path(unquote(parts.path)).is_dir():
            raise ConfigError(f"{flag} {url}: there is no such folder on this machine; make it")
        return StoreOrder(url=url)
    if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc) or parts.query or parts.fragment:
        raise ConfigError(
            f"{flag}: found {_without_secrets(url)!r}, expected s3://BUCKET/PREFIX or file:///FOLDER"
        )
    if find_spec("s3fs") is None:
        raise ConfigError(f"{flag} {url} needs the extra `s3`: {install_command('s3')}")
    return StoreOrder(url=url, keys=_read_keys(url, environment))


def _read_keys(url: str, environment: Mapping[str, str]) -> S3Keys:
    key_id, secret = (
        environment.get(name, "") for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    )
    if not key_id or not secret:
        raise ConfigError(
            f"{url}: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be in the environment; they "
            "are read from nowhere else"
        )
    return S3Keys(
        key_id=key_id,
        secret=secret,
        token=environment.get("AWS_SESSION_TOKEN") or None,
        endpoint_url=environment.get("AWS_ENDPOINT_URL_S3")
        or environment.get("AWS_ENDPOINT_URL")
        or None,
        region=environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or None,
    )


def _without_secrets(url: str) -> str:
    """An address as it may be shown: who writes a key into it is not told so with the key."""
    return re.sub(r"//[^/]*@", "//...@", url).partition("?")[0]


def open_store(order: StoreOrder) -> Store:
    """The store of an order.

    Raises:
        ConfigError: a machine that works on the call has no such folder, or not the extra.
    """
    if order.keys is not None:
        if find_spec("s3fs") is None:
            raise ConfigError(
                f"{FLAG} {order.url}: a machine of the cluster lacks the extra `s3`; each needs "
                "this version of the project with its extras `ray` and `s3` (docs/ray.md)"
            )
        from jobs.send.sharded.outside.s3_store import S3Store

        return S3Store(order.url, order.keys)
    root = Path(unquote(urlsplit(order.url).path))
    if not root.is_dir():
        raise ConfigError(f"{FLAG} {order.url}: a machine of the cluster has no such folder")
    return FolderStore(root)


class FolderStore:
    """Objects as files in a folder: one that all machines mount, such as NFS."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put_new(self, name: str, data: bytes) -> bool:
        """As Store.put_new: a file gets its name once it is whole, and only if that is free."""
        path = self._root / name
        with _away(path):
            with self._written(path) as new_path:
                with new_path.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                try:
                    os.link(new_path, path)
                except FileExistsError:
                    return path.read_bytes() == data
            return True

    def get(self, name: str) -> bytes | None:
        """As Store.get."""
        path = self._root / name
        with _away(path):
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def upload(self, path: Path, name: str) -> None:
        """As Store.upload."""
        target = self._root / name
        with _away(target), self._written(target) as new_path:
            shutil.copyfile(path, new_path)
            new_path.replace(target)

    def download(self, name: str, path: Path) -> None:
        """As Store.download."""
        with _away(self._root / name):
            shutil.copyfile(self._root / name, path)

    def names(self, prefix: str) -> list[str]:
        """As Store.names."""
        parent = prefix.rpartition("/")[0]
        folder = self._root / parent
        above = len(str(folder))
        with _away(folder):
            names = (
                f"{parent}{top[above:]}/{name}".lstrip("/")
                for top, _, found in os.walk(folder, onerror=_raise_unless_gone)
                for name in found
            )
            return sorted(
                name for name in names if name.startswith(prefix) and TEMPORARY not in name
            )

    def remove(self, prefix: str) -> None:
        """As Store.remove."""
        folder = self._root / prefix
        with _away(folder):
            if folder.is_dir():
                shutil.rmtree(folder)

    def remove_each(self, names: Sequence[str]) -> None:
        """As Store.remove_each."""
        for name in names:
            with _away(self._root / name):
                (self._root / name).unlink(missing_ok=True)

    @contextmanager
    def _written(self, path: Path) -> Iterator[Path]:
        """The name under which a file is written, which is gone afterwards."""
        path.parent.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
        new_path = path.with_name(TEMPORARY + secrets.token_hex(4))
        try:
            yield new_path
        finally:
            new_path.unlink(missing_ok=True)


def _raise_unless_gone(error: OSError) -> None:
    """What keeps a folder from being listed; one that is not there, or not ours, has no objects."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
        raise error


@contextmanager
def _away(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TransientError(f"{path}: {error.strerror or error}", code=STORE_AWAY) from error
