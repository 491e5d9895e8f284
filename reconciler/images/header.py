"""What the first bytes of a file say of an image: its format, its size in pixels, and whether EXIF turns it.

imagesize reads the sizes; docs/decisions/image-sizes.md says why. Nothing is decoded.
"""

from io import BytesIO
from typing import Final

from msgspec import Struct

JPEG: Final = "JPEG"
PNG: Final = "PNG"
# How files begin. Sources: ITU-T T.81, B.1.1.3; PNG Specification, 5.2; the formats' own specifications for the rest.
_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", 0, JPEG),
    (b"\x89PNG\r\n\x1a\n", 0, PNG),
    (b"WEBP", 8, "WebP"),
    (b"GIF8", 0, "GIF"),
    (b"BM", 0, "BMP"),
    (b"II*\0", 0, "TIFF"),
    (b"MM\0*", 0, "TIFF"),
    (b"ftyphei", 4, "HEIC"),
    (b"ftypmif1", 4, "HEIC"),
    (b"ftypavif", 4, "AVIF"),
    (b"%PDF", 0, "PDF"),
    (b"PK\x03\x04", 0, "ZIP"),
    (b"version https://git-lfs", 0, "a pointer of Git LFS"),
    (b"<", 0, "XML or HTML"),
    (b"{", 0, "JSON"),
)
_START_OF_SCAN: Final = b"\xff\xda"
_END_OF_IMAGE: Final = b"\xff\xd9"
# EXIF's orientations; 1 is upright, 5 to 8 exchange width and height (Exif 2.32, CIPA DC-008, 4.6.4 A, tag 0x0112).
_TURNS: Final = range(1, 9)
QUARTERS: Final = range(5, 9)


class Header(Struct, frozen=True, array_like=True, gc=False):
    """What a file is: its format, and of a JPEG or PNG width and height as stored (0: not known), and EXIF's turn.

    `kind` is "" for a format that is not known. `turn` is EXIF's orientation, 1 to 8; 1 is upright. `is_cut`: the whole
    file was seen, and its end (or even its size) is missing.
    """

    kind: str
    width: int = 0
    height: int = 0
    turn: int = 1
    is_cut: bool = False

    @property
    def is_turned(self) -> bool:
        """Whether a viewer that obeys EXIF exchanges width and height."""
        return self.turn in QUARTERS

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height as a viewer shows the image, which turns it as EXIF says."""
        return (self.height, self.width) if self.is_turned else (self.width, self.height)


def header_of(data: bytes, *, is_whole: bool) -> Header | None:
    """What the first bytes of a file say; None where more of them are needed. `is_whole`: there are no more.

    Never raises for what the bytes are.
    """
    kind = kind_of(data)
    if kind not in {JPEG, PNG}:
        return Header(kind)
    import imagesize  # noqa: PLC0415 - few runs look at images, and every run would load it

    try:
        info = imagesize.get_info(BytesIO(data), dpi=False, colors=False, channels=False, exif_rotation=False)
        width, height, turn = int(info.width), int(info.height), int(info.rotation)
    except Exception:  # noqa: BLE001 - the library raises whatever broken bytes lead to
        width = height = turn = 0
    if min(width, height) < 1:
        return Header(kind, is_cut=True) if is_whole else None
    return Header(kind, width, height, turn if turn in _TURNS else 1, is_whole and _is_cut(kind, data))


def kind_of(data: bytes) -> str:
    """The format that the first bytes of a file are in; "" for one that is not known."""
    return next((kind for text, at, kind in _BEGINNINGS if data[at : at + len(text)] == text), "")


def _is_cut(kind: str, data: bytes) -> bool:
    """Whether a file ends before its image does; what a camera adds after the image does not count."""
    if kind == PNG:
        return b"IEND" not in data
    return data.rfind(_END_OF_IMAGE) < data.rfind(_START_OF_SCAN) or _START_OF_SCAN not in data
