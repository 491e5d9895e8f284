"""The examples of reviews: `python docs/examples/make.py` writes them, `--check` says whether they are current.

Real datasets at two dates, compared without a service. Where they come from and their licences: tests/data/README.md.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from reconciler.formats import FORMATS
from reconciler.formats.conversion import Converted
from reconciler.review.model import Review
from reconciler.review.offline import offline_review
from reconciler.views.html import view as html
from reconciler.views.markdown import view as markdown
from reconciler.views.terminal import view as terminal

HERE: Final = Path(__file__).resolve().parent
_ROOT: Final = HERE.parents[1]
_DATA: Final = _ROOT / "tests" / "data"
_BLOOD: Final = _ROOT / "datasets" / "blood-cells" / "test.jsonl"
_CREATED: Final = "2020-01-01T00:00:00"
_WIDTH: Final = 100


@dataclass(frozen=True, slots=True)
class Example:
    """A pair of dated manifests, made in a folder, and how the review names the two."""

    name: str
    before: Callable[[Path], Path]
    after: Callable[[Path], Path]
    shown: tuple[str, str]


def main() -> int:
    """Write or check the examples; 1 when one is not current."""
    parser = argparse.ArgumentParser(description="Write the examples of reviews.")
    parser.add_argument("--check", action="store_true", help="only say whether they are current")
    check = parser.parse_args().check
    stale = 0
    for path, text in examples():
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            print(f"{path.name} is not current: python {Path(__file__).name} writes it", file=sys.stderr)
            stale = 1
    return stale


def examples() -> Iterator[tuple[Path, str]]:
    """Every file with its text."""
    for example in EXAMPLES:
        review = _review(example)
        yield HERE / f"{example.name}.md", markdown.view(review)
        yield HERE / f"{example.name}.html", html.view(review)
        yield HERE / f"{example.name}.txt", terminal.view(review, width=_WIDTH)


def _review(example: Example) -> Review:
    with TemporaryDirectory() as name:
        folder = Path(name)
        return offline_review(example.before(folder), example.after(folder), example.shown)


def _taco(version: str) -> Callable[[Path], Path]:
    """A version of TACO as a manifest."""

    def make(folder: Path) -> Path:
        path = folder / f"taco-{version}.jsonl"
        content = (_DATA / "coco" / f"taco-{version}.json").read_bytes()
        converted = FORMATS["coco"].convert(
            [(f"taco-{version}.json", content)], images="s3://taco-litter/images/", created=_CREATED
        )
        path.write_bytes(b"".join(one.line + b"\n" for one in converted if isinstance(one, Converted)))
        return path

    return make


def _there(path: Path) -> Callable[[Path], Path]:
    return lambda _folder: path


def _renamed(folder: Path) -> Path:
    """The blood cells with one label renamed, as an editor does it."""
    path = folder / "test.jsonl"
    path.write_text(_BLOOD.read_text(encoding="utf-8").replace('"RBC"', '"red cell"'), encoding="utf-8")
    return path


EXAMPLES: Final = (
    Example("taco-relabelled", _taco("v2"), _taco("v3"), ("taco-v2.jsonl", "taco-v3.jsonl")),
    Example(
        "label-renamed",
        _there(_BLOOD),
        _renamed,
        ("main:datasets/blood-cells/test.jsonl", "datasets/blood-cells/test.jsonl"),
    ),
)

if __name__ == "__main__":
    sys.exit(main())
