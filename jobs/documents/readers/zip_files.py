"""Opens zip files that may be bombs: sizes are checked as declared and again as they unpack."""

import io
import zipfile
import zlib

from jobs.documents.readers.limits import ReadLimits, UnreadableFileError, damaged

_MAX_MEMBERS = 20_000
_ENCRYPTED = 1  # general purpose flag of a member: zip specification 4.4.4
_COMPOUND_FILE = bytes.fromhex("d0cf11e0a1b11ae1")  # MS-CFB: old or encrypted Office files


def open_zip(data: bytes, limits: ReadLimits) -> zipfile.ZipFile:
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
    return archive


def read_member(archive: zipfile.ZipFile, name: str, limits: ReadLimits) -> bytes:
    """The bytes of one member.

    Raises:
        UnreadableFileError: it is missing, damaged, or larger than it said.
    """
    try:
        with archive.open(name) as member:
            data = member.read(limits.max_data_bytes + 1)
    except KeyError as error:
        raise damaged(f"lacks its part {name!r}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise damaged(f"its part {name!r} cannot be unpacked ({error})") from error
    limits.check_data(len(data), f"its part {name!r}")
    return data
