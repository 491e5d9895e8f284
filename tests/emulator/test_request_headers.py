"""Headers: those that are parsed at once are parsed as http.server would, and all others still work."""

from __future__ import annotations

import http.client
import io
import socket
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rekognition_emulator.web.server import REQUEST_LINE, parse_plain_headers

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
def test_plain_headers_are_parsed_as_http_server_parses_them(headers: list[tuple[bytes, ...]], body: bytes) -> None:
    """Names, values and the start of the body are the same; unusual headers are left to http.server."""
    sent = b"".join(b"".join(parts) for parts in headers) + b"\r\n" + body
    found = parse_plain_headers(sent)
    if found is None:
        return
    stream = io.BytesIO(sent)
    read = http.client.parse_headers(stream)
    values = {
        name.lower(): value.rstrip(" \t") for name, value in read.items()
    }  # spaces at the end are not part of a value
    assert found == (values, stream.tell())


@pytest.mark.parametrize(
    "sent",
    [
        b"Host: x\r\n",  # incomplete
        b"Host: x\r\nHost: y\r\n\r\n",
        b"Expect: 100-continue\r\n\r\n",
        b"Connection: close\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"Host: x\r\n folded\r\n\r\n",
        b"Host : x\r\n\r\n",
        b"Host: x\nA: y\r\n\r\n",
    ],
)
def test_unusual_headers_are_left_to_http_server(sent: bytes) -> None:
    """The function returns None for headers that http.server must parse."""
    assert parse_plain_headers(sent) is None


def test_headers_of_aws_clients_are_plain() -> None:
    """Headers as boto3 sends them are parsed at once."""
    sent = b"Host: x\r\nConnection: keep-alive\r\n" + TYPE + TARGET + LENGTH + b"\r\n{}"
    assert parse_plain_headers(sent) == (
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
    """The response to bytes that are sent in pieces, until the connection is closed or a body has arrived."""
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
def test_every_form_of_headers_is_answered(emulator: Emulator, pieces: list[bytes], status: bytes) -> None:
    """Headers are answered in one piece or several, usual or not."""
    assert answered(emulator, *pieces).split(b" ", 2)[1] == status
