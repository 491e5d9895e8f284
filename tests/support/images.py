"""Small images of our own, made by Pillow when a test asks for them."""

from io import BytesIO
from itertools import count
from typing import Final

from PIL import Image

_COLOURS: Final = count(1)
_ORIENTATION: Final = 0x0112


def image(form: str = "JPEG", size: tuple[int, int] = (640, 480), *, turn: int = 1) -> bytes:
    """An image in a colour of its own; `turn` is EXIF's orientation."""
    number = next(_COLOURS) * 37
    picture = Image.new("RGB", size, (number % 256, number // 256 % 256, 99))
    exif = picture.getexif()
    if turn != 1:
        exif[_ORIENTATION] = turn
    file = BytesIO()
    picture.save(file, form, **({"exif": exif} if turn != 1 else {}))
    return file.getvalue()


def with_segments(jpeg: bytes, many: int) -> bytes:
    """The same JPEG with this many segments of 64 kB before its size (ITU-T T.81, B.2.4.6)."""
    return jpeg[:2] + (b"\xff\xe5\xff\xff" + bytes(65_533)) * many + jpeg[2:]
