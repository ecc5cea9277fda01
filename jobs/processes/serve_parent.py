"""The other end of a worker process: frames on a socket, and an end with its parent.

A frame is the length of its body (8 bytes, big-endian) and the body. An empty frame says that the
process is ready; then each frame that comes in is answered by one.
"""

import ctypes
import gc
import os
import signal
import socket
import sys
from io import BufferedRWPair

from jobs.garbage import collect_rarely

LENGTH_BYTES = 8
_PR_SET_PDEATHSIG = 1  # prctl(2)


def connect(descriptor: int) -> BufferedRWPair:
    """The socket to the parent, which alone decides when this process ends.

    What the process needs is imported by now. Changes how often it collects garbage.
    """
    gc.freeze()  # what was imported stays: it is no longer searched for garbage
    collect_rarely()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _die_with_parent()
    return socket.socket(fileno=descriptor).makefile("rwb")


def silence() -> None:
    """What libraries print is not ours to show, and no part of the protocol."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def receive(pipe: BufferedRWPair) -> bytes:
    """The next body; empty once the parent has hung up."""
    length = int.from_bytes(pipe.read(LENGTH_BYTES))
    return pipe.read(length)


def send(pipe: BufferedRWPair, body: bytes) -> None:
    """One frame."""
    pipe.write(len(body).to_bytes(LENGTH_BYTES))
    pipe.write(body)
    pipe.flush()


def _die_with_parent() -> None:
    """Linux kills this process with its parent; elsewhere the closed socket ends it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
