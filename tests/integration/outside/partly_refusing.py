"""A host of a bucket that refuses each object of a removal of many, and says so per object."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

BUCKET = "bucket"
XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
REFUSED_STATUS = 403


class PartlyRefusing(ThreadingHTTPServer):
    """`names` are its objects. Where `is_strict`, it refuses to remove one alone too."""

    def __init__(self, names: set[str], *, is_strict: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.names = names
        self.is_strict = is_strict


class _Handler(BaseHTTPRequestHandler):
    server: PartlyRefusing

    def do_GET(self) -> None:
        listed = "".join(
            f"<Contents><Key>{name}</Key><Size>1</Size></Contents>" for name in self.server.names
        )
        self._answer(200, f"<ListBucketResult {XMLNS}>{listed}</ListBucketResult>")

    def do_HEAD(self) -> None:
        self._answer(404)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        errors = "".join(
            f"<Error><Key>{name}</Key><Code>AccessDenied</Code></Error>"
            for name in self.server.names
        )
        self._answer(200, f"<DeleteResult {XMLNS}>{errors}</DeleteResult>")

    def do_DELETE(self) -> None:
        if self.server.is_strict:
            self._answer(REFUSED_STATUS, "<Error><Code>AccessDenied</Code></Error>")
            return
        path = unquote(urlsplit(self.path).path)
        self.server.names.discard(path.removeprefix(f"/{BUCKET}/"))
        self._answer(204)

    def _answer(self, status: int, body: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *_: object) -> None:
        """Say nothing."""


@contextmanager
def start_refusing(names: set[str], *, is_strict: bool = False) -> Iterator[str]:
    """The address of such a host, while the block runs."""
    with PartlyRefusing(names, is_strict=is_strict) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
