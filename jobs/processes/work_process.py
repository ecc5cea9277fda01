"""The process that computes: one call of a function of ours after the other, for one parent.

Started as `python -m jobs.processes.work_process SOCKET_FD`. On the socket, each line
`MODULE:FUNCTION` and the argument after it are answered by what the function makes of it. It ends
when the socket is closed, its parent dies or the function fails: the parent then calls it itself,
to see why.
"""

import os
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module

from jobs.processes.serve_parent import connect, receive, send, silence

Work = Callable[[bytes], bytes]


def name_of(work: Work) -> str:
    """What names a function of a module."""
    return f"{work.__module__}:{work.__qualname__}"


def main() -> None:
    """Serve the parent until it is gone."""
    (descriptor,) = sys.argv[1:]
    pipe = connect(int(descriptor))
    silence()
    send(pipe, b"")
    while frame := receive(pipe):
        name, _, body = frame.partition(b"\n")
        send(pipe, _find_work(name.decode())(body))
    os._exit(0)  # there is nothing to tidy up


@cache
def _find_work(name: str) -> Work:
    module, _, function = name.partition(":")
    work: Work = getattr(import_module(module), function)
    return work


if __name__ == "__main__":
    main()
