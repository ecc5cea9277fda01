"""The process that computes: one call of a function of ours after the other, for one parent.

Started as `python -m jobs.documents.workers.work_process SOCKET_FD MODULE:FUNCTION`. On the socket,
each argument is answered by what the function makes of it. It ends when the socket is closed, its
parent dies or the function fails: the parent then calls it itself, to see why.
"""

import os
import sys
from collections.abc import Callable
from importlib import import_module

from jobs.documents.workers.serve_parent import connect, receive, send, silence

Work = Callable[[bytes], bytes]


def name_of(work: Work) -> str:
    """What names a function of a module."""
    return f"{work.__module__}:{work.__qualname__}"


def main() -> None:
    """Serve the parent until it is gone."""
    descriptor, name = sys.argv[1:]
    pipe = connect(int(descriptor))
    module, _, function = name.partition(":")
    work: Work = getattr(import_module(module), function)
    silence()
    send(pipe, b"")
    while body := receive(pipe):
        send(pipe, work(body))
    os._exit(0)  # there is nothing to tidy up


if __name__ == "__main__":
    main()
