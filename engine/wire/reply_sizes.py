"""How large what a server sends may be."""

from typing import NamedTuple

from schemas.settings import BatchSettings, LimitSettings

BYTES_PER_MB = 1 << 20


class ReplySizes(NamedTuple):
    """The most bytes that are taken, also unpacked: of a reply, and of a file of results.

    A reply is held in memory, and so is a line of a file, which holds one.
    """

    reply_bytes: int
    file_bytes: int
    file_setting: str = "batch.max_result_mb"


def reply_sizes(limits: LimitSettings, batch: BatchSettings | None = None) -> ReplySizes:
    """What the settings allow; a file that is not of a batch may be as large as a reply."""
    reply_bytes = round(limits.max_reply_mb * BYTES_PER_MB)
    if batch is None:
        return ReplySizes(reply_bytes, reply_bytes, "limits.max_reply_mb")
    return ReplySizes(reply_bytes, round(batch.max_result_mb * BYTES_PER_MB))


USUAL_SIZES = reply_sizes(LimitSettings(), BatchSettings())
