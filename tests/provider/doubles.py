"""HTTP doubles: AWS's token service, and a wire tap in front of the emulator."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, str, bytes]


class HttpDouble:
    """A server on a port of its own; a subclass answers."""

    def __init__(self) -> None:
        double = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, kind, answer = double.answer(headers, body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - signature of http.server
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def answer(self, headers: dict[str, str], body: bytes) -> Answer:
        """Status, content type and body of the answer."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop, and wait for every thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Tap(HttpDouble):
    """Passes requests on to the emulator and keeps their headers."""

    def __init__(self, behind: str) -> None:
        super().__init__()
        self.headers: list[dict[str, str]] = []
        self.refusal = ""
        self._address = urlsplit(behind).netloc

    def answer(self, headers: dict[str, str], body: bytes) -> Answer:
        """The emulator's answer, or a refusal with the text that a test wants."""
        self.headers.append(headers)
        if self.refusal:
            text = f'{{"__type": "InvalidSignatureException", "Message": "{self.refusal}"}}'
            return 403, "application/x-amz-json-1.1", text.encode()
        connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            connection.request("POST", "/", body, {name: value for name, value in headers.items() if name != "host"})
            reply = connection.getresponse()
            return reply.status, reply.headers["Content-Type"], reply.read()
        finally:
            connection.close()

    @property
    def signers(self) -> list[str]:
        """The access keys of the requests, each once."""
        keys = [one["authorization"].partition("Credential=")[2].partition("/")[0] for one in self.headers]
        return list(dict.fromkeys(keys))

    @property
    def regions(self) -> list[str]:
        """The regions that the requests were signed for, each once."""
        scopes = [one["authorization"].partition("Credential=")[2].split("/") for one in self.headers]
        return list(dict.fromkeys(scope[2] for scope in scopes))

    @property
    def tokens(self) -> list[str]:
        """The session tokens of the requests, each once."""
        return list(dict.fromkeys(one.get("x-amz-security-token", "") for one in self.headers))


class Sts(HttpDouble):
    """AWS's token service: AssumeRole, also WithWebIdentity; each role gets an access key of its own."""

    secret = "secret/key/of/the/role/0123456789abcdef"
    token = "token-of-the-role-0123456789abcdef"

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[dict[str, str]] = []
        self.signers: list[str] = []
        self.refusal = ""

    def answer(self, headers: dict[str, str], body: bytes) -> Answer:
        """Credentials, or the refusal that a test wants."""
        self.requests.append({name: values[0] for name, values in parse_qs(body.decode()).items()})
        self.signers.append(headers.get("authorization", "").partition("Credential=")[2].partition("/")[0])
        if self.refusal:
            error = f"<Error><Code>AccessDenied</Code><Message>{self.refusal}</Message></Error>"
            return 403, "text/xml", f"<ErrorResponse>{error}<RequestId>r-1</RequestId></ErrorResponse>".encode()
        action = self.requests[-1]["Action"]
        return (
            200,
            "text/xml",
            (
                f"<{action}Response><{action}Result><Credentials>"
                f"<AccessKeyId>ASIAROLE{len(self.requests)}</AccessKeyId><SecretAccessKey>{self.secret}</SecretAccessKey>"
                f"<SessionToken>{self.token}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
                f"</Credentials></{action}Result></{action}Response>"
            ).encode(),
        )
