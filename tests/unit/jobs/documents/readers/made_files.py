"""Files of every format, made by code, so that each test shows what is in its file."""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from typing import NamedTuple

_PASSWORD_PADDING = bytes.fromhex(  # PDF 32000-1, algorithm 2
    "28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a"
)
_PERMISSIONS = -4


class SetLine(NamedTuple):
    """A line of a made PDF: where its first letter stands, how large, in prose or code font."""

    text: str
    left: float = 72
    baseline: float = 700
    size: float = 10
    is_code: bool = False


class Bookmark(NamedTuple):
    title: str
    page_index: int


def make_pdf(
    pages: Sequence[Sequence[SetLine]],
    *,
    bookmarks: Sequence[Bookmark] = (),
    password: str = "",
) -> bytes:
    """A PDF of `pages`; Latin-1 text only."""
    contents = [b"".join(map(_show_line, page)) for page in pages]
    first_page, first_content = 5, 5 + len(pages)
    first_bookmark = first_content + len(pages) + 1
    kids = b" ".join(b"%d 0 R" % (first_page + index) for index in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/Outlines %d 0 R>>" % (first_bookmark - 1),
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(pages)),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>",
        *(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R"
            b"/Resources<</Font<</F1 3 0 R/F2 4 0 R>>>>>>" % (first_content + index)
            for index in range(len(pages))
        ),
        *(b"<</Length %d>>stream\n%s\nendstream" % (len(data), data) for data in contents),
        _outline(bookmarks, first_bookmark),
        *_bookmarks(bookmarks, first_bookmark, first_page),
    ]
    return write_pdf(objects, password or None)


def prose_page(text: str, *, top: float = 700, width: int = 90) -> list[SetLine]:
    """The lines of a page of running text, broken after `width` characters at most."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [SetLine(line, baseline=top - 12 * row) for row, line in enumerate(lines)]


def make_zip(members: dict[str, bytes]) -> bytes:
    """A zip file of these members, compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def make_epub(chapters: dict[str, str], spine: Sequence[str], title: str = "A book") -> bytes:
    """An EPUB whose package names `chapters` in the order of `spine`."""
    items = "".join(
        f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in chapters
    )
    references = "".join(f'<itemref idref="{name}"/>' for name in spine)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title>'
        f"</metadata><manifest>{items}</manifest><spine>{references}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="text/book.opf"/></rootfiles></container>'
    )
    return make_zip(
        {
            "META-INF/container.xml": container.encode(),
            "text/book.opf": package.encode(),
            **{f"text/{name}": page.encode() for name, page in chapters.items()},
        }
    )


def _show_line(line: SetLine) -> bytes:
    text = line.text.encode("latin-1")
    for special in (b"\\", b"(", b")"):
        text = text.replace(special, b"\\" + special)
    font = b"F2" if line.is_code else b"F1"
    place = b"%g %g Td" % (line.left, line.baseline)
    return b"BT /%s %g Tf %s (%s) Tj ET\n" % (font, line.size, place, text)


def _outline(bookmarks: Sequence[Bookmark], first: int) -> bytes:
    if not bookmarks:
        return b"<</Type/Outlines/Count 0>>"
    last = first + len(bookmarks) - 1
    return b"<</Type/Outlines/First %d 0 R/Last %d 0 R/Count %d>>" % (first, last, len(bookmarks))


def _bookmarks(bookmarks: Sequence[Bookmark], first: int, first_page: int) -> list[bytes]:
    found = []
    for index, bookmark in enumerate(bookmarks):
        following = b"/Next %d 0 R" % (first + index + 1) if index + 1 < len(bookmarks) else b""
        title, page = bookmark.title.encode("latin-1"), first_page + bookmark.page_index
        found.append(
            b"<</Title(%s)/Parent %d 0 R%s/Dest[%d 0 R/XYZ 0 792 0]>>"
            % (title, first - 1, following, page)
        )
    return found


def write_pdf(objects: list[bytes], password: str | None = None) -> bytes:
    """A PDF of these objects, of which the first is its catalog.

    With a `password`, which may be empty, it says that it is encrypted: its streams have to be.
    """
    trailer = b"/Root 1 0 R/ID[<%s><%s>]" % (b"00" * 16, b"00" * 16)
    if password is not None:
        objects = [*objects, _encryption(password)]
        trailer += b"/Encrypt %d 0 R" % len(objects)
    data, offsets = b"%PDF-1.4\n", []
    parts = [data]
    position = len(data)
    for number, body in enumerate(objects, start=1):
        offsets.append(position)
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        position += len(parts[-1])
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table))
    parts.append(b"trailer\n<</Size %d%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, position))
    return b"".join(parts)


def encrypt(data: bytes, object_number: int, password: str) -> bytes:
    """The data of a stream of a PDF that `write_pdf` encrypts."""
    key = _file_key(password) + object_number.to_bytes(3, "little") + bytes(2)
    return _rc4(_md5(key)[:10], data)


def _encryption(password: str) -> bytes:
    """The standard security handler, revision 2: nobody opens the file without the password."""
    padded = _pad(password)
    owner = _rc4(_md5(padded)[:5], padded)
    user = _rc4(_file_key(password), _PASSWORD_PADDING)
    keys = b"/O<%s>/U<%s>" % (owner.hex().encode(), user.hex().encode())
    return b"<</Filter/Standard/V 1/R 2/P %d%s>>" % (_PERMISSIONS, keys)


def _file_key(password: str) -> bytes:
    padded = _pad(password)
    permissions = _PERMISSIONS.to_bytes(4, "little", signed=True)
    return _md5(padded + _rc4(_md5(padded)[:5], padded) + permissions + bytes(16))[:5]


def _pad(password: str) -> bytes:
    return (password.encode("latin-1") + _PASSWORD_PADDING)[:32]


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    output = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        output.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(output)
