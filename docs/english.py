"""Find phrases that this project does not use: `python docs/english.py [FILE ...]`, by default in all its files.

The phrases and what to say instead are data: docs/english.toml. Every hit is one line, `file:line: phrase; say: ...`;
the exit code is 1 when there is one.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
_PHRASES: Final = ROOT / "docs" / "english.toml"
_READ: Final = (".py", ".md", ".html", ".js", ".yaml", ".yml", ".toml")
# A phrase may go on in the next line: of a comment, a page, or a literal that is continued.
_ENDS: Final = ' "'
_JOINED: Final = re.compile(r' *"?\n *(?:# ?|[fr]?")?')
# Data is kept as it came, the changelog of a release as it was published.
_NOT_OURS: Final = ("tests/data/", "tests/localengine/data/", "docs/examples/", "docs/english.toml", "datasets/")


def main(arguments: Sequence[str]) -> int:
    """Print every banned phrase in these files (default: all that git tracks); 1 when there is one."""
    paths = [Path(name) for name in arguments] or list(_tracked())
    hits = [hit for path in paths for hit in hits_in(path)]
    sys.stdout.writelines(f"{hit}\n" for hit in hits)
    return 1 if hits else 0


def hits_in(path: Path) -> Iterator[str]:
    """The banned phrases in one file, in its order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, (line, following) in enumerate(zip(lines, [*lines[1:], ""], strict=True), start=1):
        text = _JOINED.sub(" ", f"{line}\n{following}", count=1)
        for pattern, say in phrases():
            found = pattern.search(text)
            if found and found.start() < len(line.rstrip(_ENDS)):
                yield f"{_shown(path)}:{number}: {found.group()!r}; say: {say}"


@cache
def phrases() -> list[tuple[re.Pattern[str], str]]:
    """The patterns with what to say instead."""
    table = tomllib.loads(_PHRASES.read_text(encoding="utf-8"))
    return [(re.compile(one["find"], re.IGNORECASE), one["say"]) for one in table["phrase"]]


def _tracked() -> Iterator[Path]:
    listed = subprocess.run(
        [shutil.which("git") or "git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.split("\0"):
        if name.endswith(_READ) and not name.startswith(_NOT_OURS) and (ROOT / name).is_file():
            yield ROOT / name


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
