"""A server that only replays bytes: the least that listing, loading and small calls can take through boto3.

    .venv/bin/python -m benchmarks.replay BODY PAGES

Prints its URL; answers every request with BODY, with a new NextToken each time, and without one on every PAGES-th
reply, so that boto3's paginator sees a listing of PAGES pages.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Tape:
    """The bytes to send, reply by reply."""

    def __init__(self, body: bytes, pages: int) -> None:
        self.body, self.pages, self.served = body, pages, 0
        document: dict[str, Any] = json.loads(body)
        self.token: str = document.pop("NextToken", "")
        self.head, _, self.tail = body.partition(self.token.encode()) if self.token else (body, b"", b"")
        self.last = json.dumps(document).encode()

    def next(self) -> bytes:
        """The next reply."""
        self.served += 1
        if not self.token:
            return self.body
        if self.served % self.pages == 0:
            return self.last
        return self.head + f"{self.served:0{len(self.token)}}".encode() + self.tail


def serve(tape: Tape) -> None:
    """Replay until the process is ended."""

    class Replay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            text = tape.next()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - signature of http.server
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Replay) as server:
        print(f"export URL=http://127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    serve(Tape(Path(sys.argv[1]).read_bytes(), int(sys.argv[2])))
