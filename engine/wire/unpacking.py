"""Bodies that a server packed, unpacked a piece at a time: as they are meant, not as labelled."""

import zlib
from collections.abc import Iterator

PIECE_BYTES = 1 << 16
GZIP_START = b"\x1f\x8b"  # RFC 1952, section 2.3.1
_GZIP, _ZLIB, _BARE_DEFLATE = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_GZIP_NAMES = ("gzip", "x-gzip")


class Unpacker:
    """Unpacks one body; `encoding` is its Content-Encoding.

    What is labelled gzip and is none comes out as it is: proxies unpack, and leave the label. Gzip
    may have several members, deflate no header of zlib (RFC 9110, section 8.4.1.2). `identity`
    beside another name says nothing. Any other encoding was not asked for, and is left as it is.
    """

    def __init__(self, encoding: str) -> None:
        names = {name.strip().lower() for name in encoding.split(",")} - {"identity", ""}
        encoding = names.pop() if len(names) == 1 else ""
        self._is_gzip = encoding in _GZIP_NAMES
        self._is_plain = not self._is_gzip and encoding != "deflate"
        self._unpacking: zlib._Decompress | None = None
        self._start = b""

    @property
    def is_whole(self) -> bool:
        """Whether what came so far may be all."""
        return not self._start if self._unpacking is None else self._unpacking.eof

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        """What the next bytes hold, PIECE_BYTES at a time at most.

        Raises:
            zlib.error: they cannot be unpacked.
        """
        if self._unpacking is None and not self._is_plain:
            packed = self._start + packed
            self._start = packed if len(packed) < len(GZIP_START) else b""
            if self._start or not packed:
                return
            self._begin(packed)
        if self._unpacking is None:
            yield packed
        else:
            yield from self._unpack(packed, self._unpacking)

    def _begin(self, packed: bytes) -> None:
        if not self._is_gzip:
            window_bits = _ZLIB if _has_zlib_header(packed) else _BARE_DEFLATE
            self._unpacking = zlib.decompressobj(window_bits)
        elif packed.startswith(GZIP_START):
            self._unpacking = zlib.decompressobj(_GZIP)
        else:
            self._is_plain = True

    def _unpack(self, packed: bytes, unpacking: "zlib._Decompress") -> Iterator[bytes]:
        is_full = False
        while packed or is_full:
            if unpacking.eof:
                if not self._is_gzip or not packed.startswith(GZIP_START[:1]):
                    return  # padding
                self._unpacking = unpacking = zlib.decompressobj(_GZIP)
            piece = unpacking.decompress(packed, PIECE_BYTES)
            yield piece
            is_full = len(piece) == PIECE_BYTES
            packed = unpacking.unconsumed_tail or unpacking.unused_data


def _has_zlib_header(packed: bytes) -> bool:
    """Whether bytes begin as zlib's do (RFC 1950, section 2.2)."""
    first, second = packed[:2]
    return first & 0x0F == zlib.DEFLATED and (first << 8 | second) % 31 == 0
