"""Opens zip files that may be bombs: sizes are checked as declared and again as they unpack."""

import io
import zipfile
import zlib
from types import TracebackType

from jobs.documents.readers.limits import ReadLimits, UnreadableFileError, damaged

_MAX_MEMBERS = 20_000
_ENCRYPTED = 1  # general purpose flag of a member: zip specification 4.4.4
_COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")  # MS-CFB: old or encrypted Office files


class Archive:
    """An open zip file. What is read of it, a part that is read again too, is within the limits."""

    def __init__(self, archive: zipfile.ZipFile, limits: ReadLimits) -> None:
        self._archive = archive
        self._limits = limits
        self._read_bytes = 0
        self.names = tuple(archive.namelist())
        self.known_names = frozenset(self.names)

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._archive.close()

    def read(self, name: str) -> bytes:
        """The bytes of one member.

        Raises:
            UnreadableFileError: it is missing, damaged, larger than it said, or has been read so
                often that the limit is reached.
        """
        try:
            with self._archive.open(name) as member:
                data = member.read(self._limits.max_data_bytes + 1)
        except KeyError as error:
            raise damaged(f"lacks its part {name!r}") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise damaged(f"its part {name!r} cannot be unpacked ({error})") from error
        self._limits.check_data(len(data), f"its part {name!r}")
        self._read_bytes += len(data)
        self._limits.check_data(self._read_bytes, "what is read of it, some parts more than once,")
        return data


def open_zip(data: bytes, limits: ReadLimits) -> Archive:
    """The zip file in `data`, once all that it declares is within `limits`.

    Raises:
        UnreadableFileError: it is no zip file, encrypted, or declares more than allowed.
    """
    if data.startswith(_COMPOUND_FILE):
        raise UnreadableFileError(
            "password_protected",
            "has a password or is in an old format; save it anew without a password",
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise damaged(f"is no whole zip file ({error})") from error
    members = archive.infolist()
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise UnreadableFileError("password_protected", "needs a password; save it without one")
    if len(members) > _MAX_MEMBERS:
        raise UnreadableFileError("too_large", f"holds more than {_MAX_MEMBERS:,} files")
    limits.check_data(sum(member.file_size for member in members), "what it unpacks to")
    for member in members:
        if "\\" in member.filename:  # as some programs on Windows write it
            member.filename = member.filename.replace("\\", "/")
            archive.NameToInfo.setdefault(member.filename, member)
    return Archive(archive, limits)
