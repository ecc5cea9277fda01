"""Keeps the memory of this process in large pages, so that forks of it cost less.

A fork copies the tables of its parent's pages and takes them down at its end: with pages of 4 KiB
that is most of what a short command costs. A page that a fork writes to is copied by itself as
before.
"""

import ctypes
import sys
from pathlib import Path

MADV_COLLAPSE = 25  # linux/mman.h, since Linux 6.1
LARGE_PAGE_BYTES = 2 * 1024 * 1024
MAPS = Path("/proc/self/maps")


def collapse_pages() -> None:
    """Ask the kernel for it, which may leave what it cannot put together as it is."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    for line in MAPS.read_text(encoding="utf-8").splitlines():
        addresses, access, _, _, _, *name = line.split(maxsplit=5)
        if not access.startswith("rw") or name not in ([], ["[heap]"]):
            continue
        begin, end = (int(address, 16) for address in addresses.split("-"))
        begin = -(-begin // LARGE_PAGE_BYTES) * LARGE_PAGE_BYTES
        end = end // LARGE_PAGE_BYTES * LARGE_PAGE_BYTES
        if begin < end:
            libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), MADV_COLLAPSE)
