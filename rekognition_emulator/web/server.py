"""The HTTP server: sockets in, answers out; loopback unless told otherwise.

The head that nearly every request has, read at once.
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

from rekognition_emulator.aws_json.wire import Answer, HttpRequest

if TYPE_CHECKING:
    from io import BufferedReader

Handler = Callable[[HttpRequest], Answer]

_LOG = logging.getLogger("rekognition_emulator")
_MOST_BYTES = 64_000_000  # a body larger than that is nobody's request
_POLL_SECONDS = 0.01  # how long a stop may go unnoticed
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST instead of FIN


class _Connection(BaseHTTPRequestHandler):
    """One kept connection."""

    protocol_version = "HTTP/1.1"
    server_version = "RekognitionEmulator"
    sys_version = ""
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _HttpServer
    rfile: BufferedReader
    raw_requestline: bytes
    names: dict[str, str]
    """The headers of the present request, with lower-case names."""

    def parse_request(self) -> bool:
        """A plain head at once, any other as http.server does it."""
        waiting = self.rfile.peek() if self.raw_requestline == REQUEST_LINE else b""
        found = plain_headers(waiting)
        if found is None:
            understood = super().parse_request()
            self.names = {name.lower(): value for name, value in self.headers.items()} if understood else {}
            return understood
        self.names, length = found
        self.rfile.read(length)
        self.requestline = REQUEST_LINE.decode().rstrip()
        self.command, self.path, self.request_version = self.requestline.split()
        self.close_connection = False
        return True

    def _serve(self) -> None:
        length = self.names.get("content-length", "0")
        if not length.isdecimal() or len(length) > 8 or int(length) > _MOST_BYTES or "transfer-encoding" in self.names:
            self.close_connection = True
            self._send(Answer(413, b"a body with a Content-Length of at most 64,000,000 bytes is expected\n"))
            return
        body = self.rfile.read(int(length))
        self._send(self.server.answer(HttpRequest(self.command, self.path, self.names, body)))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _serve  # noqa: N815 - names of http.server

    def _send(self, answer: Answer) -> None:
        if answer.reset:
            self.server.reset(self.connection)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: answer.cut])
        if answer.cut is not None:
            self.close_connection = True
        if answer.then_reset:
            self.wfile.flush()
            self.server.reset(self.connection)
            self.close_connection = True

    def version_string(self) -> str:
        """The value of the header Server."""
        return self.server_version

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - signature of http.server
        """Nothing: the journal has the calls."""


class _HttpServer(ThreadingHTTPServer):
    """Threads that end when the server stops, whatever their clients do."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], answer: Handler) -> None:
        self.answer = answer
        self._open: set[socket.socket] = set()
        self._resets: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Connection)

    def server_bind(self) -> None:
        """Bind without http.server's look-up of the host's full name: it may ask the network, and nobody needs it."""
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - signature of socketserver
        """Remember the connection, so that `hang_up` finds it."""
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - signature of socketserver
        """Forget the connection; one that is to be reset is closed without the polite shutdown."""
        with self._open_lock:
            self._open.discard(request)
            abrupt = request in self._resets
            self._resets.discard(request)
        if abrupt:
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002 - signature of socketserver
        """Log it, unless a client merely hung up."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            _LOG.error("defect of the emulator's server", exc_info=True)

    def reset(self, connection: socket.socket) -> None:
        """Let the closing of a connection send RST."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        with self._open_lock:
            self._resets.add(connection)

    def hang_up(self) -> None:
        """Close every kept connection."""
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was faster


class Server:
    """A listening server in a thread of its own, from construction until `stop`."""

    def __init__(self, answer: Handler, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._http = _HttpServer((host, port), answer)
        self.port = int(self._http.server_address[1])
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(_POLL_SECONDS,), name="emulator")
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, close every connection, wait for all threads."""
        self._http.shutdown()
        self._http.hang_up()
        self._http.server_close()
        self._thread.join()


REQUEST_LINE = b"POST / HTTP/1.1\r\n"

_END = b"\r\n\r\n"
_HEADER = re.compile(r"([A-Za-z0-9-]+):[ \t]*([^\r\n]*)")
_UNUSUAL = frozenset({"expect", "transfer-encoding"})


def plain_headers(waiting: bytes) -> tuple[dict[str, str], int] | None:
    """The headers at the beginning of `waiting`, with lower-case names, and the length of them with the blank line.

    None for headers that are incomplete or not plain.
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
