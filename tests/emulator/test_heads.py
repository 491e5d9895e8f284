"""Heads of requests: what is read at once is what http.server would have read, and everything else still works."""

from __future__ import annotations

import http.client
import io
import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rekognition_emulator.web.server import REQUEST_LINE, plain_headers

if TYPE_CHECKING:
    from rekognition_emulator import Emulator

TARGET = b"X-Amz-Target: RekognitionService.DescribeProjects\r\n"
TYPE = b"Content-Type: application/x-amz-json-1.1\r\n"
LENGTH = b"Content-Length: 2\r\n"
NAMES = st.sampled_from(
    ["Host", "Content-Length", "X-Amz-Target", "Connection", "Expect", "Transfer-Encoding", "a b", ""]
)
PIECES = st.text(st.sampled_from('aZ0:,;="/\\ \t\r\n\x00\x0b\x85\xe9')).map(lambda text: text.encode("iso-8859-1"))
HEADERS = st.tuples(
    NAMES.map(str.encode), st.sampled_from([b":", b": ", b" :", b""]), PIECES, st.sampled_from([b"\r\n", b"\n"])
)


@given(st.lists(HEADERS, max_size=5), st.binary(max_size=5))
@settings(max_examples=300, deadline=None)
def test_a_plain_head_is_read_as_http_server_reads_it(headers: list[tuple[bytes, ...]], body: bytes) -> None:
    """The same names and values, and the body begins at the same byte; whatever is odd is left to http.server."""
    sent = b"".join(b"".join(parts) for parts in headers) + b"\r\n" + body
    found = plain_headers(sent)
    if found is None:
        return
    stream = io.BytesIO(sent)
    read = http.client.parse_headers(stream)
    values = {name.lower(): value.rstrip(" \t") for name, value in read.items()}  # blanks at the end are no value
    assert found == (values, stream.tell())


@pytest.mark.parametrize(
    "sent",
    [
        b"Host: x\r\n",  # not all of it is there
        b"Host: x\r\nHost: y\r\n\r\n",
        b"Expect: 100-continue\r\n\r\n",
        b"Connection: close\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"Host: x\r\n folded\r\n\r\n",
        b"Host : x\r\n\r\n",
        b"Host: x\nA: y\r\n\r\n",
    ],
)
def test_what_is_not_plain_is_left_alone(sent: bytes) -> None:
    """http.server knows these."""
    assert plain_headers(sent) is None


def test_aws_clients_send_plain_heads() -> None:
    """Otherwise reading at once would be of no use."""
    sent = b"Host: x\r\nConnection: keep-alive\r\n" + TYPE + TARGET + LENGTH + b"\r\n{}"
    assert plain_headers(sent) == (
        {
            "host": "x",
            "connection": "keep-alive",
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": "RekognitionService.DescribeProjects",
            "content-length": "2",
        },
        len(sent) - 2,
    )


def answered(emulator: Emulator, *pieces: bytes) -> bytes:
    """What comes back for bytes sent in pieces, until the emulator hangs up or has sent a body."""
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=10) as connection:
        for piece in pieces:
            connection.sendall(piece)
        got = b""
        while not got.endswith(b"}") and (more := connection.recv(65536)):
            got += more
        return got


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([REQUEST_LINE + TYPE + TARGET + LENGTH + b"\r\n{}"], b"200"),
        ([REQUEST_LINE, TYPE + TARGET, LENGTH + b"\r\n", b"{}"], b"200"),
        ([REQUEST_LINE + TYPE.lower() + TARGET + LENGTH + b"\r\n{}"], b"200"),
        ([REQUEST_LINE + TYPE + TARGET + LENGTH + b"X-Folded: a\r\n b\r\n\r\n{}"], b"200"),
        ([REQUEST_LINE + TYPE + TARGET + LENGTH + b"Expect: 100-continue\r\n\r\n", b"{}"], b"100"),
        ([b"POST / HTTP/1.0\r\n" + TYPE + TARGET + LENGTH + b"\r\n{}"], b"200"),
        ([REQUEST_LINE + TYPE + TARGET + LENGTH + b"Connection: close\r\n\r\n{}"], b"200"),
        ([REQUEST_LINE + TYPE + TARGET + LENGTH + b"X: " + b"a" * 20_000 + b"\r\n\r\n{}"], b"200"),
        ([REQUEST_LINE + TYPE + TARGET + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"], b"413"),
        ([REQUEST_LINE + b"\r\n"], b"400"),
    ],
)
def test_every_head_is_answered(emulator: Emulator, pieces: list[bytes], status: bytes) -> None:
    """In one piece or several, plain or odd."""
    assert answered(emulator, *pieces).split(b" ", 2)[1] == status
