"""The HTTP server: reads requests from sockets and sends responses, one thread per connection.

http.server parses headers slowly, so the plain headers that nearly all requests have are parsed here.
"""

from __future__ import annotations

import logging
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any

from rekognition_emulator.aws_json.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from io import BufferedReader

Handler = Callable[[HttpRequest], HttpResponse]

_LOG = logging.getLogger("rekognition_emulator")
_MAX_BODY_BYTES = 64_000_000  # far more than the largest valid request
_POLL_SECONDS = 0.01  # how long a stop may have to wait
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST instead of FIN


class _Connection(BaseHTTPRequestHandler):
    """One connection, kept open for several requests."""

    protocol_version = "HTTP/1.1"
    server_version = "RekognitionEmulator"
    sys_version = ""
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _HttpServer
    rfile: BufferedReader
    raw_requestline: bytes
    header_values: dict[str, str]
    """The headers of the current request, with lower-case names."""

    def parse_request(self) -> bool:
        """Parse plain headers here, and all others as http.server does."""
        waiting = self.rfile.peek() if self.raw_requestline == REQUEST_LINE else b""
        found = parse_plain_headers(waiting)
        if found is None:
            understood = super().parse_request()
            self.header_values = {name.lower(): value for name, value in self.headers.items()} if understood else {}
            return understood
        self.header_values, length = found
        self.rfile.read(length)
        self.requestline = REQUEST_LINE.decode().rstrip()
        self.command, self.path, self.request_version = self.requestline.split()
        self.close_connection = False
        return True

    def _serve(self) -> None:
        length = self.header_values.get("content-length", "0")
        if (
            not length.isdecimal()
            or len(length) > 8
            or int(length) > _MAX_BODY_BYTES
            or "transfer-encoding" in self.header_values
        ):
            self.close_connection = True
            self._send(HttpResponse(413, b"the request must have a Content-Length of at most 64,000,000 bytes\n"))
            return
        body = self.rfile.read(int(length))
        self._send(self.server.handle_http(HttpRequest(self.command, self.path, self.header_values, body)))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _serve  # noqa: N815 - names of http.server

    def _send(self, response: HttpResponse) -> None:
        if response.reset:
            self.server.reset(self.connection)
            self.close_connection = True
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body[: response.cut])
        if response.cut is not None:
            self.close_connection = True
        if response.then_reset:
            self.wfile.flush()
            self.server.reset(self.connection)
            self.close_connection = True

    def version_string(self) -> str:
        """The value of the header Server."""
        return self.server_version

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - signature of http.server
        """Log nothing: the journal has the calls."""


class _HttpServer(ThreadingHTTPServer):
    """A server whose threads end when it stops, even if clients keep their connections open."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], handle: Handler) -> None:
        self.handle_http = handle
        self._open: set[socket.socket] = set()
        self._resets: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Connection)

    def server_bind(self) -> None:
        """Bind without http.server's look-up of the host name, which may use the network."""
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - signature of socketserver
        """Keep the connection in the list that `close_connections` uses."""
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - signature of socketserver
        """Close the connection; without a shutdown first if it is to be reset."""
        with self._open_lock:
            self._open.discard(request)
            abrupt = request in self._resets
            self._resets.discard(request)
        if abrupt:
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002 - signature of socketserver
        """Log the error, unless the client closed the connection."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            _LOG.error("defect of the emulator's server", exc_info=True)

    def reset(self, connection: socket.socket) -> None:
        """Make the close of this connection send RST."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        with self._open_lock:
            self._resets.add(connection)

    def close_connections(self) -> None:
        """Shut down every open connection."""
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client has closed it


class Server:
    """A server that listens in its own thread, from construction until `stop`.

    `handle` makes the response to a request; port 0 lets the system choose; `url` has the real port.
    """

    def __init__(self, handle: Handler, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._http = _HttpServer((host, port), handle)
        self.port = int(self._http.server_address[1])
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(_POLL_SECONDS,), name="emulator")
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, close every connection, and wait for all threads."""
        self._http.shutdown()
        self._http.close_connections()
        self._http.server_close()
        self._thread.join()


REQUEST_LINE = b"POST / HTTP/1.1\r\n"

_END = b"\r\n\r\n"
_HEADER = re.compile(r"([A-Za-z0-9-]+):[ \t]*([^\r\n]*)")
_UNUSUAL = frozenset({"expect", "transfer-encoding"})


def parse_plain_headers(waiting: bytes) -> tuple[dict[str, str], int] | None:
    """The headers at the start of `waiting`, with lower-case names, and their length in bytes with the empty line.

    None for headers that are incomplete or not plain: http.server then parses them.
    """
    end = waiting.find(_END)
    if end < 0:
        return None
    lines = [_HEADER.fullmatch(line) for line in waiting[:end].decode("iso-8859-1").split("\r\n")]
    headers = {found[1].lower(): found[2].rstrip(" \t") for found in lines if found}
    if len(headers) < len(lines) or not _UNUSUAL.isdisjoint(headers):
        return None
    if headers.get("connection", "keep-alive").lower() != "keep-alive":
        return None
    return headers, end + len(_END)
