"""PNG files, as much as tests need: one in one colour written, one of Chromium read. Source: PNG specification."""

from base64 import b64encode
from struct import pack, unpack
from typing import Final
from zlib import compress, crc32, decompress

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def png(width: int, height: int, colour: bytes) -> str:
    """A `data:` URI of a picture in one colour."""
    rows = b"".join(b"\0" + colour * width for _ in range(height))
    chunks = ((b"IHDR", pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", compress(rows)), (b"IEND", b""))
    body = b"".join(pack(">I", len(data)) + name + data + pack(">I", crc32(name + data)) for name, data in chunks)
    return f"data:image/png;base64,{b64encode(_SIGNATURE + body).decode()}"


def png_header(width: int, height: int) -> bytes:
    """The beginning of a file, which says the size of its picture."""
    data = b"IHDR" + pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _SIGNATURE + pack(">I", 13) + data + pack(">I", crc32(data))


def pixels(content: bytes) -> list[list[tuple[int, int, int]]]:
    """Rows of colours of a PNG as Chromium writes it: 8 bits, RGB or RGBA. Source: PNG specification, 9."""
    at, width, parts, depth = 8, 0, b"", 4
    while at < len(content):
        (long,), name = unpack(">I", content[at : at + 4]), content[at + 4 : at + 8]
        data = content[at + 8 : at + 8 + long]
        if name == b"IHDR":
            width, depth = unpack(">I", data[:4])[0], 4 if data[9] == 6 else 3
        parts += data if name == b"IDAT" else b""
        at += 12 + long
    raw, stride, rows, last = (
        decompress(parts),
        width * depth,
        list[list[tuple[int, int, int]]](),
        bytearray(width * depth),
    )
    for start in range(0, len(raw), stride + 1):
        last = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + stride]), last, depth)
        rows.append([(last[x], last[x + 1], last[x + 2]) for x in range(0, stride, depth)])
    return rows


def _unfiltered(kind: int, line: bytearray, above: bytearray, depth: int) -> bytearray:
    for x, value in enumerate(line):
        left = line[x - depth] if x >= depth else 0
        corner = above[x - depth] if x >= depth else 0
        paeth = min((left, above[x], corner), key=lambda one: abs(left + above[x] - corner - one))
        line[x] = (value + (0, left, above[x], (left + above[x]) // 2, paeth)[kind]) & 255
    return line
