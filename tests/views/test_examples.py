"""The examples in docs/examples: made from real data, current, and small."""

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def test_the_examples_are_current() -> None:
    """The examples in the repository are those that the code makes today."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "make.py"), "--check"], check=False, capture_output=True, text=True, timeout=120
    )
    assert (done.stderr, done.returncode) == ("", 0)


def test_the_examples_are_small() -> None:
    """All together below two megabytes, none of them left over from an earlier day."""
    made = [path for path in EXAMPLES.iterdir() if path.suffix in {".md", ".html", ".txt"} and path.name != "README.md"]
    assert sum(path.stat().st_size for path in made) < 2_000_000
    assert len(made) == 3 * len({path.stem for path in made})
