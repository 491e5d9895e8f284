"""Pascal VOC files: real ones from `tests/data`, and small ones written for one promise."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.formats import FORMATS
from reconciler.formats.conversion import Converted
from reconciler.model import Finding

IMAGES = "s3://acme-vision/cells/"
CREATED = "2026-01-31T00:00:00"
SIZE = "<size><width>640</width><height>480</height><depth>3</depth></size>"

Voc = Callable[..., bytes]
Outcome = tuple[list[Converted], list[Finding]]


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of the real Pascal VOC files."""
    return Path(__file__).parents[1] / "data" / "bccd-voc" / "Annotations"


@pytest.fixture(scope="session")
def voc() -> Voc:
    """Writes a VOC file: objects are (label, xmin, ymin, xmax, ymax)."""

    def write(*objects: tuple[object, ...], filename: str = "a.jpg", size: str = SIZE, more: str = "") -> bytes:
        drawn = "\n".join(
            f"<object><name>{label}</name><bndbox><xmin>{left}</xmin><ymin>{top}</ymin>"
            f"<xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>"
            for label, left, top, right, bottom in objects
        )
        return f"<annotation>\n<filename>{filename}</filename>\n{size}\n{drawn}{more}</annotation>".encode()

    return write


@pytest.fixture(scope="session")
def converted() -> Callable[..., Outcome]:
    """Converts files, given as contents, into lines and findings; their names are 1.xml, 2.xml and so on."""

    def run(*contents: bytes) -> Outcome:
        files = [(f"{number}.xml", content) for number, content in enumerate(contents, 1)]
        results = list(FORMATS["voc"].convert(files, images=IMAGES, created=CREATED))
        lines = [one for one in results if isinstance(one, Converted)]
        return lines, [one for one in results if isinstance(one, Finding)]

    return run
