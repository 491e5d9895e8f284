"""Pictures for a report, from a folder or from S3: small thumbnails, all together under a limit.

Pillow makes them; it is the extra `pictures`, loaded for the first picture. Thumbnails hold the pixels as they are
stored: EXIF's rotation is reported, not applied, and nothing else of EXIF (places, names, cameras) is passed on.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Final

from msgspec import Struct

from reconciler.errors import BadInput, missing_extra
from reconciler.images.folder import file_of
from reconciler.images.header import QUARTERS
from reconciler.limits import IMAGE_FILE_BYTES


class Picture(Struct, frozen=True, kw_only=True):
    """A thumbnail of a picture.

    `data` is a `data:` URI of the pixels as they are stored, EXIF rotation not applied; empty if there is nothing
    to show, and `note` is the reason. `width` and `height` are the stored picture's, 0 if they are not known.
    `orientation` is EXIF's, 1 to 8; 1 is upright.
    """

    data: str = ""
    width: int = 0
    height: int = 0
    orientation: int = 1
    note: str = ""


# From a key to its picture; None if nothing is known of it.
PictureSource = Callable[[str], Picture | None]


def shown_size(picture: Picture) -> tuple[int, int]:
    """Width and height as a viewer shows it, which turns it as EXIF says."""
    if picture.orientation in QUARTERS:
        return picture.height, picture.width
    return picture.width, picture.height


# All thumbnails of a report together; mail refuses attachments beyond some 25 MB.
PICTURE_BYTES: Final = 15_000_000
# The longer side of a thumbnail: two fit side by side on a screen, sharp enough to judge a box.
_SIDE: Final = 720
_QUALITY: Final = 72
_ORIENTATION: Final = 0x0112
# A small file can decompress to gigabytes. Custom Labels takes images of at most 4096 x 4096 pixels.
_PIXELS: Final = 64_000_000

# From a bucket and an object's key to its bytes; None if it is not found. Raises OSError with a sentence.
Read = Callable[[str, str], bytes | None]


@dataclass(slots=True)
class Thumbnails:
    """A `PictureSource`: reads a picture by its key and makes a thumbnail, until `limit` bytes are used.

    `shown`, `missing`, `failed` and `beyond` count the keys by result.
    """

    read: Callable[[str], bytes | None]
    limit: int = PICTURE_BYTES
    used: int = 0
    shown: int = 0
    missing: int = 0
    failed: int = 0
    beyond: int = 0
    _pillow: ModuleType | None = field(default=None, repr=False)

    def __call__(self, key: str) -> Picture:
        """The picture of a key; if it cannot be shown, its note is the reason.

        Raises:
            BadInput: Pillow is not installed.
        """
        if self._pillow is None:
            self._pillow = _pillow()
        if self.used >= self.limit:
            self.beyond += 1
            return Picture(note=f"no picture: the limit of {self.limit / 1e6:g} MB for pictures is reached")
        try:
            content = self.read(key)
        except OSError as error:
            self.failed += 1
            return Picture(note=f"no picture: {error.strerror or error}")
        if content is None:
            self.missing += 1
            return Picture(note="no picture: the file was not found")
        return self._picture(content, self._pillow)

    def _picture(self, content: bytes, pillow: ModuleType) -> Picture:
        try:
            picture, size = _thumbnail(content, pillow)
        except (OSError, ValueError, SyntaxError, MemoryError, pillow.DecompressionBombError):
            self.failed += 1  # SyntaxError is what Pillow raises for some broken PNG files
            return Picture(note="no picture: the file cannot be read as an image")
        if self.used + size > self.limit:
            self.beyond += 1
            return Picture(
                width=picture.width,
                height=picture.height,
                orientation=picture.orientation,
                note=f"no picture: it exceeds the limit of {self.limit / 1e6:g} MB for pictures",
            )
        self.used += size
        self.shown += 1
        return picture


def from_folder(folder: Path, limit: int = PICTURE_BYTES) -> Thumbnails:
    """Pictures under a folder: `s3://bucket/a/b.jpg` is `a/b.jpg` in it, else `bucket/a/b.jpg`, else `b.jpg`."""
    root = folder.resolve()

    def read(key: str) -> bytes | None:
        found = file_of(root, key)
        if found is None:
            return None
        if found.stat().st_size > IMAGE_FILE_BYTES:
            raise OSError(f"the file has more than {IMAGE_FILE_BYTES / 1e6:g} MB")
        return found.read_bytes()

    return Thumbnails(read, limit)


def from_s3(read: Read, limit: int = PICTURE_BYTES) -> Thumbnails:
    """Pictures from the objects that their keys name."""

    def read_key(key: str) -> bytes | None:
        bucket, _, name = key.removeprefix("s3://").partition("/")
        return read(bucket, name) if bucket and name else None

    return Thumbnails(read_key, limit)


def _pillow() -> ModuleType:
    try:
        return import_module("PIL.Image")
    except ImportError as error:
        raise BadInput(
            f"{missing_extra('Pictures in a report need Pillow', 'pictures')}, or leave out --pictures"
        ) from error


def _thumbnail(content: bytes, pillow: ModuleType) -> tuple[Picture, int]:
    """The picture, and how many bytes of the report it takes."""
    with pillow.open(BytesIO(content)) as image:
        width, height = image.size
        if width * height > _PIXELS:
            raise ValueError("too many pixels")
        stated = image.getexif().get(_ORIENTATION, 1)
        orientation = stated if isinstance(stated, int) and 1 <= stated <= 8 else 1
        image.draft("RGB", (_SIDE, _SIDE))
        image.thumbnail((_SIDE, _SIDE))
        small = image.convert("RGB")
    stream = BytesIO()
    small.save(stream, "JPEG", quality=_QUALITY, optimize=True)
    data = f"data:image/jpeg;base64,{b64encode(stream.getvalue()).decode()}"
    return Picture(data=data, width=width, height=height, orientation=orientation), len(data)
