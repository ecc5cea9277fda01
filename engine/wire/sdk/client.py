"""The official SDK for the slow calls: files, batches, jobs. Errors become ours; no retries."""

import logging
import os
import ssl
import traceback
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from pydantic import ValidationError

from engine.clock import Clock
from engine.errors import (
    CONNECTION_FAILED,
    MALFORMED_REPLY,
    TIMEOUT,
    AuthError,
    EngineError,
    NotFoundError,
    TransientError,
    UnclearRefusalError,
)
from engine.wire.endpoints import Endpoint
from engine.wire.replies.responses import HttpResponse, read_error
from engine.wire.reply_sizes import USUAL_SIZES, ReplySizes
from engine.wire.server_text import scrub

if TYPE_CHECKING:
    import httpx2
    import openai

Entry = TypeVar("Entry")

MODEL_GONE = "model_not_found"  # a code that stops everything, unlike other 404s
NO_KEY = "none"  # the SDK wants one; servers without keys do not look at it
USER_AGENT = "corpus-distill"
PLATFORM_HEADERS = (  # what the SDK sends about this machine; not needed
    "X-Stainless-Lang",
    "X-Stainless-Package-Version",
    "X-Stainless-OS",
    "X-Stainless-Arch",
    "X-Stainless-Runtime",
    "X-Stainless-Runtime-Version",
    "X-Stainless-Async",
)
ACCOUNT_HEADERS = ("OpenAI-Organization", "OpenAI-Project")  # else read from the environment
PAGE_SIZE = 100
CHUNK_BYTES = 1 << 16
JSON_TYPES: tuple[type, ...] = (str, int, float, list, dict, type(None))  # a bool is an int

_log = logging.getLogger(__name__)

Purpose = Literal["batch", "fine-tune"]


def open_client(
    endpoint: Endpoint, *, timeout_s: float, sizes: ReplySizes = USUAL_SIZES
) -> "openai.AsyncOpenAI":
    """A client of the SDK that never retries: a POST that was made twice would create twice.

    It follows no redirect either: files with all prompts would go to another host. Account and
    proxy are the endpoint's, so that both lanes go the same way. Replies above `sizes` are errors.
    """
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient, omit

    from engine.wire.sdk.limited_replies import ACCEPTED_ENCODINGS, open_transport

    has_other_header = bool(endpoint.api_key) and "Authorization" not in endpoint.key_headers()
    return AsyncOpenAI(
        api_key=endpoint.api_key or NO_KEY,
        base_url=endpoint.base_url,
        max_retries=0,
        timeout=timeout_s,
        default_headers={
            **dict.fromkeys(_not_sent(endpoint), omit),  # type: ignore[arg-type]
            "User-Agent": USER_AGENT,
            "Accept-Encoding": ACCEPTED_ENCODINGS,
            **endpoint.account.headers(),
            **endpoint.key_headers(),
            **dict(endpoint.headers),
        },
        http_client=DefaultAsyncHttpxClient(
            follow_redirects=False,
            trust_env=False,
            event_hooks={"request": [_drop_authorization] if has_other_header else []},
            transport=open_transport(
                sizes,
                system_certificates(),
                endpoint.proxy,
            ),
        ),
    )


@cache
def system_certificates() -> ssl.SSLContext:
    """Whom this machine trusts, as in the live lane. Read once: it takes longer than the rest."""
    return ssl.create_default_context()


def _not_sent(endpoint: Endpoint) -> list[str]:
    """The SDK's own headers: of this machine, and of an account that the endpoint does not name."""
    account = endpoint.account.headers()
    return [*PLATFORM_HEADERS, *(name for name in ACCOUNT_HEADERS if name.lower() not in account)]


async def _drop_authorization(request: "httpx2.Request") -> None:
    """Take out the header in which the SDK puts every key: this host's is in another."""
    request.headers.pop("Authorization", None)


@contextmanager
def translated(endpoint: Endpoint, clock: Clock) -> Iterator[None]:
    """Errors of the SDK inside the block become ours; they are not chained: some carry the key.

    Raises:
        TransientError: no whole answer, or one that says that later may be better.
        RequestError: this call will not do; NotFoundError where something is not there.
        FatalError: the key, the money or the model is refused.
    """
    import httpx2
    import openai

    try:
        yield
    except openai.APIStatusError as error:
        raise _read_status(error, endpoint, clock) from None
    except openai.APITimeoutError:
        message = f"{endpoint.base_url}: no answer in time"
        raise TransientError(message, code=TIMEOUT) from None
    except (openai.APIConnectionError, httpx2.HTTPError, httpx2.StreamError) as error:
        reason = error.__cause__ or error
        if isinstance(reason, EngineError):  # what limits replies has raised it
            raise reason from None
        text = scrub(f"{type(reason).__name__} {reason}".strip(), endpoint)
        message = f"{endpoint.base_url}: {text}"
        raise TransientError(message, code=CONNECTION_FAILED) from None
    except (openai.APIResponseValidationError, JSONDecodeError, UnicodeError, ValidationError):
        raise _malformed(endpoint) from None
    except (AttributeError, TypeError) as error:  # what comes of JSON of another shape
        if not _is_about_shape(error):
            raise
        raise _malformed(endpoint) from None


def _is_about_shape(error: AttributeError | TypeError) -> bool:
    """Whether a value of a reply, and no fault of ours, is what an error is about."""
    from openai import BaseModel

    if isinstance(error, AttributeError):
        return isinstance(error.obj, (*JSON_TYPES, BaseModel))
    frames = list(traceback.walk_tb(error.__traceback__))
    return str(frames[-1][0].f_globals.get("__name__")).startswith("openai.")


async def upload_file(
    client: "openai.AsyncOpenAI", path: Path, *, purpose: Purpose, name: str
) -> str:
    """Upload a file under `name`; returns its id."""
    with path.open("rb") as file:
        uploaded = await client.files.create(file=(name, file), purpose=purpose)
    if not uploaded.id or not isinstance(uploaded.id, str):
        message = "the host took a file and named no id for it"
        raise TransientError(message, code=MALFORMED_REPLY)
    return uploaded.id


async def entries_of(pages: AsyncIterable[Entry]) -> AsyncIterator[Entry]:
    """The entries of a list, but those that are no objects: some gateways leave null in places."""
    async for entry in pages:
        if hasattr(entry, "id"):
            yield entry


async def find_file(
    client: "openai.AsyncOpenAI", *, purpose: Purpose, name: str, newer_than: datetime
) -> str | None:
    """The id of the first file with this purpose and name, None if there is none.

    Some hosts list the oldest first, and some give the same page for ever.
    """
    oldest, order = newer_than.timestamp(), ListOrder()
    listed = client.files.list(purpose=purpose, limit=PAGE_SIZE, order="desc")
    async for file in entries_of(listed):
        created_at = moment_of(file.created_at, oldest)
        if not order.take(file.id, created_at, is_old=created_at < oldest):
            break
        if file.filename == name and created_at >= oldest:
            return file.id
    return None


class RemoteFile(NamedTuple):
    """A file at the provider."""

    file_id: str
    name: str


async def list_uploaded_files(
    client: "openai.AsyncOpenAI", *, purpose: Purpose, prefix: str
) -> list[RemoteFile]:
    """All files with this purpose whose names begin with `prefix`.

    Some hosts give the same page for ever: it ends where the list repeats itself.
    """
    found: dict[str, RemoteFile] = {}
    seen = set[str]()
    async for file in entries_of(client.files.list(purpose=purpose, limit=PAGE_SIZE)):
        if file.id is None:
            continue
        if str(file.id) in seen:
            break
        seen.add(str(file.id))
        if str(file.filename).startswith(prefix):
            found[str(file.id)] = RemoteFile(str(file.id), file.filename)
    return list(found.values())


def moment_of(created_at: object, otherwise: float) -> float:
    """When an entry of a list was made, in seconds since 1970; `otherwise` where it is not told."""
    return float(created_at) if isinstance(created_at, int | float) and created_at else otherwise


class ListOrder:
    """What a list, which most hosts give with the newest first, has shown of its order so far."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._last_at = float("inf")
        self._is_newest_first = True
        self._old_count = 0

    def take(self, entry_id: object, created_at: float, *, is_old: bool) -> bool:
        """Take the next entry into account; returns whether it is worth going on.

        It is not once the list repeats itself, or a page of it has shown old entries alone. Of
        entries without an id it cannot be told whether they are the same.
        """
        if entry_id is None:
            return True
        if str(entry_id) in self._seen:
            return False
        self._seen.add(str(entry_id))
        self._is_newest_first = self._is_newest_first and created_at <= self._last_at
        self._last_at = created_at
        self._old_count = self._old_count + 1 if is_old else 0
        return not (self._is_newest_first and self._old_count >= PAGE_SIZE)


async def download_file(client: "openai.AsyncOpenAI", file_id: str, path: Path) -> None:
    """Fetch a file in pieces; `path` appears, durably, when all of it has come."""
    part_path = path.with_name(path.name + ".part")
    async with client.files.with_streaming_response.content(file_id) as response:
        with part_path.open("wb") as part:
            async for chunk in response.iter_bytes(CHUNK_BYTES):
                part.write(chunk)
            part.flush()
            os.fsync(part.fileno())
    part_path.replace(path)


async def delete_file(client: "openai.AsyncOpenAI", file_id: str) -> None:
    """Delete a file; one that is gone is fine."""
    from openai import NotFoundError

    try:
        deleted = await client.files.delete(file_id)
    except NotFoundError:
        return
    _log.debug("file %s deleted: %s", deleted.id, deleted.deleted)


def _malformed(endpoint: Endpoint) -> TransientError:
    message = f"{endpoint.base_url} answered with a body that is not what was asked for"
    return TransientError(message, code=MALFORMED_REPLY)


def _read_status(error: "openai.APIStatusError", endpoint: Endpoint, clock: Clock) -> EngineError:
    response = error.response
    ours = read_error(
        HttpResponse(response.status_code, response.headers, response.content), endpoint, clock
    )
    if response.status_code in (404, 405) and MODEL_GONE not in str(ours):
        return NotFoundError(str(ours), status=response.status_code)
    if isinstance(ours, UnclearRefusalError):  # of a call that all others depend on
        return AuthError(str(ours))
    return ours
