"""The pictures of README.md, made from docs/examples: `python docs/pictures.py`, part of `make docs`.

boxes-*.png: the first entry of the HTML page. comment-*.png: the start of the comment. Both light and dark.
plan.svg: the text of the terminal, drawn by rich. source.sha256 is the digest of what they were made from: while it is
current nothing is drawn, and a test fails when it is not.
"""

import hashlib
import re
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from markdown_it import MarkdownIt
from rich.console import Console
from rich.text import Text

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.views.browser import CHROMIUM, DRIVER, MISSING, Browser, browser  # noqa: E402 - after the path is set

PICTURES: Final = ROOT / "docs" / "pictures"
SOURCES: Final = [ROOT / "docs" / "examples" / f"label-renamed.{ending}" for ending in ("html", "md", "txt")]
DIGEST: Final = PICTURES / "source.sha256"
_LINES: Final = 24  # of the terminal
_SIZES: Final = {"boxes": (1000, 690), "comment": (1000, 560)}  # windows; the frame takes some of it
_FONTS: Final = re.compile(r"@font-face \{.*?\}", re.DOTALL)  # a picture loads nothing
_COMMENT: Final = """<!doctype html><meta charset="utf-8"><style>
:root { color-scheme: light dark } body { font: 14px/1.5 sans-serif; margin: 20px }
code { font-size: 12px } table { border-collapse: collapse } th, td { border: 1px solid #8886; padding: 4px 10px }
</style>"""


def main() -> int:
    """Draw the pictures unless they are current; without Chromium say so."""
    if DIGEST.is_file() and DIGEST.read_text().strip() == digest():
        return 0
    if not (CHROMIUM and DRIVER):
        print(f"docs/pictures are not current; drawing them {MISSING}", file=sys.stderr)
        return 0
    PICTURES.mkdir(exist_ok=True)
    _terminal()
    with TemporaryDirectory() as name, browser(Path(name)) as one:
        _shots(one, Path(name))
    DIGEST.write_text(f"{digest()}\n")
    return 0


def digest() -> str:
    """Of the files that the pictures show."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()


def _terminal() -> None:
    lines = SOURCES[2].read_text().splitlines()[:_LINES]
    console = Console(record=True, width=100, file=StringIO(), force_terminal=True)
    console.print(Text("\n".join(["$ reconciler diff main datasets/blood-cells/test.jsonl", *lines])))
    drawn = console.export_svg(title="reconciler diff", unique_id="plan")
    (PICTURES / "plan.svg").write_text(_FONTS.sub("", drawn))


def _shots(one: Browser, folder: Path) -> None:
    comment = folder / "comment.html"
    comment.write_text(_COMMENT + MarkdownIt("commonmark").enable("table").render(SOURCES[1].read_text()))
    for scheme in ("light", "dark"):
        one.prefers(scheme)
        for name, page in (("boxes", SOURCES[0]), ("comment", comment)):
            one.size(*_SIZES[name])
            one.open(page)
            if name == "boxes":
                one.until("return document.querySelector('.card')")
                one.run("document.body.replaceChildren(document.querySelector('.card'))")
            (PICTURES / f"{name}-{scheme}.png").write_bytes(one.screenshot())


if __name__ == "__main__":
    sys.exit(main())
