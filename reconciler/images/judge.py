"""What is wrong with one image: pure, from what was seen of it and the sizes that its entry gives."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from reconciler.images.header import JPEG, PNG, Header
from reconciler.images.results import Look, Stat
from reconciler.limits import IMAGE_FILE_BYTES, IMAGE_SIDE_MAX_PX, IMAGE_SIDE_MIN_PX
from reconciler.manifest.rules import images as rules
from reconciler.rule import Rule

_FAR: Final = "the size in pixels is not in the first MB of the file"
Broken = tuple[Rule, dict[str, Any]]


def judged(look: Look, stated: Sequence[tuple[float, float]]) -> Iterator[Broken]:
    """The rules that an image breaks; `stated` are the sizes (width, height) on which its boxes were drawn."""
    if look.stat and look.before not in {"", look.stat.etag}:
        yield rules.OVERWRITTEN, {}
    if look.trouble:
        yield look.trouble.rule, look.trouble.details
    if look.stat and look.stat.size > IMAGE_FILE_BYTES:
        yield rules.TOO_LARGE, {"size": look.stat.size}
    if look.stat and look.header:
        yield from _of_header(look.header, look.stat, stated)


def _of_header(header: Header, stat: Stat, stated: Sequence[tuple[float, float]]) -> Iterator[Broken]:
    if header.kind not in {JPEG, PNG}:
        yield rules.FORMAT, {"kind": header.kind or "of another format"}
        return
    if not header.width:
        yield (rules.DAMAGED, {"kind": header.kind}) if header.is_cut else (rules.UNDECIDED, {"reason": _FAR})
        return
    if header.is_cut:
        yield rules.CUT, {"size": stat.size}
    size = {"width": header.width, "height": header.height}
    if not all(IMAGE_SIDE_MIN_PX <= side <= IMAGE_SIDE_MAX_PX for side in size.values()):
        yield rules.SIDES, size
    if header.turn != 1:
        yield rules.TURNED, {**size, **_turned(header, stated)}
    sizes = {(header.width, header.height), header.shown}
    for width, height in stated:
        if (width, height) not in sizes:
            yield rules.SIZE, {**size, "stated": f"{width:.10g} x {height:.10g}"}


def _turned(header: Header, stated: Sequence[tuple[float, float]]) -> dict[str, Any]:
    across, down = header.shown
    said = ""
    if header.is_turned and header.width != header.height and stated:
        said = {
            (header.width, header.height): ", and the boxes were drawn on the image as stored",
            (across, down): ", and the boxes were drawn on the image as shown",
        }.get((int(stated[0][0]), int(stated[0][1])), "")
    return {"turn": header.turn, "across": across, "down": down, "stated": said}
