"""Limits for one file, and the error of a file that cannot be read."""

from typing import NamedTuple, Self

from schemas.settings import DocumentSettings

DAMAGED = "damaged"  # the reason of a file that is not what its name says
_MIB = 1024 * 1024
_DATA_SHARE = 4  # a parsed file takes several times the memory of its bytes


class UnreadableFileError(Exception):
    """This file gives no document. `reason` goes into rejected.jsonl; the message is for people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ReadLimits(NamedTuple):
    """Bytes that a file may have, decompressed, and bytes (UTF-8) that its text may have."""

    max_data_bytes: int
    max_text_bytes: int

    @classmethod
    def of(cls, settings: DocumentSettings) -> Self:
        """The limits of one file under `settings`."""
        return cls(
            max_data_bytes=settings.max_memory_mb_per_file * _MIB // _DATA_SHARE,
            max_text_bytes=settings.max_text_mb_per_file * _MIB,
        )

    def check_data(self, size_bytes: int, what: str) -> None:
        """Raise UnreadableFileError if `what` has more than the allowed bytes."""
        if size_bytes > self.max_data_bytes:
            raise UnreadableFileError(
                "too_large",
                f"{what} is larger than {self.max_data_bytes // _MIB} MiB; "
                "split the file or raise documents.max_memory_mb_per_file",
            )

    def check_text(self, size_bytes: int) -> None:
        """Raise UnreadableFileError if a text of this size is not allowed."""
        if size_bytes > self.max_text_bytes:
            raise UnreadableFileError(
                "too_large",
                f"its text is larger than {self.max_text_bytes // _MIB} MiB; "
                "split the file or raise documents.max_text_mb_per_file",
            )


def damaged(what: str) -> UnreadableFileError:
    """The error for a file that is not what its name says, or not whole."""
    return UnreadableFileError(DAMAGED, f"{what}; get a whole copy of the file")
