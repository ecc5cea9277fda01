"""What raylets start as a worker: has one forked from a process that has imported the project.

To start an interpreter and to import Ray and the project takes 2 s, and workers are lost by the
dozen. A raylet knows a worker by the number that it registers with, and notices its end by its
connection. So the fork (worker.py) gets what this process was given, and this one ends. It imports
nothing that takes time.
"""

import json
import os
import socket
import sys
from pathlib import Path

MOST_BYTES = 64


def main() -> None:
    order = {
        "arguments": [str(Path(__file__).with_name("worker.py")), *sys.argv[1:]],
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
    }
    status = os.open(os.devnull, os.O_WRONLY)  # nobody asks for it
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect(os.environ["TESTS_FORK_SERVER"])
        socket.send_fds(connection, [json.dumps(order).encode()], [0, 1, 2, status])
        connection.recv(MOST_BYTES)


if __name__ == "__main__":
    main()
