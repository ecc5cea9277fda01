"""Whether an uploaded file can be used yet: some hosts take their time to look at it."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal

from engine.errors import RequestError
from engine.stopping import Admission
from engine.wire.sdk.unserved_calls import is_unserved

if TYPE_CHECKING:
    import openai

FileState = Literal["missing", "pending", "ready"]

FILE_WAITS_S = (0.5, 1.0, 2.0, 4.0)  # a file may be "not found" for a moment after its upload
PENDING_STATUSES = frozenset(  # Azure's names among them; any other status is final
    {"pending", "running", "notrunning", "not_running", "processing", "queued", "uploading"}
)
NOT_READY_WORDS = ("not in a processed state", "still being processed", "not ready", "pending")


async def read_file_state(client: "openai.AsyncOpenAI", file_id: str) -> FileState:
    """How far a file is; it may be missing for a moment after its upload.

    Where the host has no such call, a file counts as ready; the call that uses it fails if not.

    Raises:
        What the SDK raises.
    """
    from openai import NotFoundError

    try:
        file = await client.files.retrieve(file_id)
    except NotFoundError as error:
        return "ready" if is_unserved(error, "file") else "missing"
    if file.id != file_id:
        return "missing"
    return "pending" if str(file.status or "").lower() in PENDING_STATUSES else "ready"


async def wait_for_file(
    state: Callable[[], Awaitable[FileState]], admission: Admission
) -> FileState:
    """The state of a file once it is ready, or after some seconds of asking.

    Raises:
        The error that stops the run, if it is stopped meanwhile, and what `state` raises.
    """
    for pause_s in FILE_WAITS_S:
        if await state() == "ready":
            return "ready"
        await admission.sleep(pause_s)
    return await state()


def is_not_ready(error: RequestError) -> bool:
    """Whether a call was refused because a file that it names is not ready yet."""
    message = str(error).lower()
    return "file" in message and any(words in message for words in NOT_READY_WORDS)
