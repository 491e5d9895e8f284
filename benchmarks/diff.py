"""`reconciler diff` of two manifests without a service: CPU seconds and peak memory.

    .venv/bin/python -m benchmarks.diff [--entries 10000]

Each step runs in a process of its own, so that its peak memory is its own. Beside them is the simplest tool: both
manifests parsed into dictionaries by key, and unequal lines counted.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.lines import write
from reconciler.review.offline import offline_review

STEPS: Final = ("bare", "same", "tenth", "all")
WORDS: Final = {
    "bare": "parse both, compare dictionaries (bare)",
    "same": "diff, nothing changed",
    "tenth": "diff, every tenth entry changed",
    "all": "diff, every entry changed",
}


def main() -> None:
    """Run every step and print a table."""
    parser = argparse.ArgumentParser(description="Offline diffs of two manifests.")
    parser.add_argument("--entries", type=int, default=10_000, help="entries of a manifest (default: %(default)s)")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        _measure(options.step, options.folder)
    else:
        _table(options.entries)


def _table(entries: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write(folder / "before.jsonl", entries)
        for step, every in (("same", 0), ("tenth", 10), ("all", 1)):
            write(folder / f"{step}.jsonl", entries, edit_every=every)
        print(f"{entries:,} entries, {size / 1e6:.1f} MB, on both sides")
        print(f"{'step':<44}{'CPU s':>9}{'peak MB':>9}{'ratio':>8}")
        bare = 0.0
        for step in STEPS:
            row = _child(step, folder)
            bare = bare or row["seconds"]
            print(f"{WORDS[step]:<44}{row['seconds']:>9.2f}{row['peak']:>9.0f}{row['seconds'] / bare:>8.1f}")


def _child(step: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.diff", "--step", step, "--folder", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def _measure(step: str, folder: Path) -> None:
    start = time.process_time()
    if step == "bare":
        before, after = _by_key(folder / "before.jsonl"), _by_key(folder / "tenth.jsonl")
        sum(line != before.get(key) for key, line in after.items())
    else:
        offline_review(folder / "before.jsonl", folder / f"{step}.jsonl")
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    print(json.dumps({"seconds": seconds, "peak": peak}))


def _by_key(path: Path) -> dict[str, object]:
    with path.open(encoding="utf-8") as lines:
        return {document["source-ref"]: document for document in map(json.loads, lines)}


if __name__ == "__main__":
    main()
