"""A picture as a view shows it: a thumbnail inside the report, and what the picture says of itself.

Knows what a view needs. Refuses to know where pictures come from (`reconciler.store.pictures`) and how they are drawn.
"""

from collections.abc import Callable

from msgspec import Struct

__all__ = ["Picture", "PictureSource", "shown_size"]

# EXIF orientations that turn a picture by a quarter. Source: Exif 2.32 (CIPA DC-008), 4.6.4 A, tag 0x0112.
_QUARTERS = frozenset({5, 6, 7, 8})


class Picture(Struct, frozen=True, kw_only=True):
    """A thumbnail of a picture.

    `data` is a `data:` URI of the pixels as they are stored, EXIF rotation not applied; empty where there is nothing to
    show, and `note` says why. `width` and `height` are the stored picture's, 0 where they are not known. `orientation`
    is EXIF's, 1 to 8; 1 is upright.
    """

    data: str = ""
    width: int = 0
    height: int = 0
    orientation: int = 1
    note: str = ""


# From a key to its picture; None where nothing is known of it.
PictureSource = Callable[[str], Picture | None]


def shown_size(picture: Picture) -> tuple[int, int]:
    """Width and height as a viewer shows it, which turns it as EXIF says."""
    if picture.orientation in _QUARTERS:
        return picture.height, picture.width
    return picture.width, picture.height
