"""`make bench`, `make bench-quick`, `make bench-check`: how fast we are beside the barest way to do the same work.

    .venv/bin/python -m benchmarks.performance [--quick] [--check] [--entries 250000]

Data come from a seed. The emulator and each step have a process of their own. Rounds are interleaved, so that a busy
machine slows both sides of a ratio; a ratio is the median of the rounds, with the lowest and the highest. Without
`--check` the page docs/performance.md is written; with it the medians are compared with those of the page.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final, NamedTuple

from benchmarks import calls
from benchmarks.lines import document, edited
from benchmarks.servers import emulator
from benchmarks.steps import DEEP, PROJECT
from reconciler.manifest.write import yaml_manifest

PAGE: Final = Path(__file__).parents[1] / "docs" / "performance.md"
CALLS_A_SECOND: Final = 5
LARGE: Final = "large"
# Entries of the manifest in YAML, as `convert --to yaml` writes them.
IN_YAML: Final = 5_000


class Sizes(NamedTuple):
    """Lines of the manifests that are read, of those that are compared, and of the dataset of several rounds."""

    entries: int
    part: int
    live: int


class Ratio(NamedTuple):
    """A row of the page: two steps, or a step and the one that its listing is subtracted of; what is asked for."""

    words: str
    ours: str
    bare: str
    asked: float
    less: str = ""
    times: float = 1


RATIOS: Final = (
    Ratio("`validate` : json.loads of all lines, boxes", "validate boxes", "bare boxes", 2.5),
    Ratio("`validate` : json.loads of all lines, image-level labels", "validate image", "bare image", 4),
    Ratio("`validate` of YAML : the events of libyaml alone, boxes", "validate yaml", "bare yaml", 1.5),
    Ratio("`diff` of equal manifests : json.loads of both", "diff equal", "bare part", 3, times=2),
    Ratio("`diff`, every tenth line changed : json.loads of both", "diff changed", "bare part", 9, times=2),
    Ratio("`plan` of a new dataset : `validate`", "plan new", "validate live", 1.4),
    Ratio("`plan`, nothing to do, without its listing : json.loads of both", "plan equal", "bare live", 3, "list", 2),
    Ratio("a listing : boto3's paginator alone", "list by us", "list", 0.85),
    Ratio("a second read of a manifest : sha256 of the file", "second read", "hash", 1.5),
    Ratio("`reconciler --help` : `python -c pass`", "help", "pass", 5),
    Ratio("`validate` of a tiny folder : `python -c pass`", "tiny", "pass", 12),
)
# Peak memory in MB: the step, how many lines it has, and the most that is asked for.
PEAKS: Final = (
    ("peak MB of `validate`", "validate boxes", "entries", 56),
    ("peak MB of `plan`, nothing to do", "plan equal, all lines", "entries", 72),
    ("peak MB of `plan`, every tenth line changed", "plan changed, all lines", "entries", 72),
    ("peak MB of `diff`, every tenth line changed", "diff changed", "part", 72),
)
# What a user would pick instead, the step of ours beside it, and what it does not do.
ALTERNATIVES: Final = (
    (
        *("dictionaries", "plan equal", "a listing loop with a dict of json.loads"),
        "says which lines differ, not what changes; holds both sides in memory",
    ),
    (
        *("guide", "plan equal", "list, edit, send back, as AWS's guide does"),
        "sends every line again; sees no line that the service drops",
    ),
    (
        *("deepdiff", "diff short", f"DeepDiff of both sides, {DEEP:,} lines"),
        "compares positions in lists: a box that is removed changes every box after it",
    ),
)
Rounds = dict[str, list[dict[str, Any]]]


def main() -> int:
    """Measure; write the page, or compare with it."""
    parser = argparse.ArgumentParser(description="How fast the reconciler is.")
    parser.add_argument("--quick", action="store_true", help="small data, for a first look; writes no page")
    parser.add_argument("--check", action="store_true", help="compare with the page; exit code 1 beyond its spread")
    parser.add_argument("--entries", type=int, default=250_000, help="lines of each manifest (default: %(default)s)")
    options = parser.parse_args()
    entries = 5_000 if options.quick else options.entries
    sizes = Sizes(entries, max(1_000, entries // 5), max(1_000, entries // 10))
    whole = not (options.quick or options.check)
    with tempfile.TemporaryDirectory() as name:
        rounds, growth = _measured(Path(name), sizes, grows=whole)
        counts = [] if options.check else calls.rows(Path(name), 10 if options.quick else 100)
    page = "\n".join(_page(rounds, growth, counts, sizes))
    print(page)
    if options.check:
        return _compare(rounds)
    if not options.quick:
        PAGE.write_text(page + "\n", encoding="utf-8")
    return 0


def _measured(folder: Path, sizes: Sizes, *, grows: bool) -> tuple[Rounds, dict[int, dict[str, Any]]]:
    _write(folder, sizes)
    rounds: Rounds = {}
    with emulator() as service:
        endpoint = service.client.meta.endpoint_url
        service.client.create_project(ProjectName=PROJECT)
        for steps, times, at in (
            (_offline(), 3, "-"),
            (("validate live", "plan new", "bare live"), 3, endpoint),
            (("apply",), 1, endpoint),
            (_listing(), 3, endpoint),
            (("list", "list by us"), 6, endpoint),  # short, so what else the machine does shows most here
        ):
            for _ in range(times):
                for step in steps:
                    rounds.setdefault(step, []).append(_run(step, folder, at))
        if grows:
            service.client.create_project(ProjectName=LARGE)
            for step in ("apply", "plan equal", "plan known"):
                rounds[f"{step}, all lines"] = [_run(step, folder / LARGE, endpoint)]
            (folder / LARGE / "changed.jsonl").replace(folder / LARGE / "live" / LARGE / "train.jsonl")
            rounds["plan changed, all lines"] = [_run("plan known", folder / LARGE, endpoint)]
    some = [size for size in (25_000, 50_000, 100_000) if size < sizes.entries] if grows else ()
    return rounds, {size: _grown(folder, size) for size in some}


def _offline() -> tuple[str, ...]:
    pairs = "bare boxes", "validate boxes", "bare image", "validate image", "bare yaml", "validate yaml"
    compared = "bare part", "diff equal", "diff changed"
    return (*pairs, *compared, "first read", "hash", "second read", "deepdiff", "diff short", "pass", "help", "tiny")


def _listing() -> tuple[str, ...]:
    return "bare live", "list", "list by us", "plan equal", "plan known", "dictionaries", "guide"


def _write(folder: Path, sizes: Sizes) -> None:
    random = Random(1)  # noqa: S311 - the same data every time
    place, tiny = folder / "live" / PROJECT, folder / "tiny" / PROJECT
    large = folder / LARGE / "live" / LARGE
    for one in (place, tiny, large):
        one.mkdir(parents=True)
        (one / "project.yaml").write_text("managed: false\n")
    # Each file with how many of the lines it has.
    parts = ("part.jsonl", sizes.part), ("same.jsonl", sizes.part), ("live/cells/train.jsonl", sizes.live)
    whole = [(folder / name, most) for name, most in (("boxes.jsonl", sizes.entries), *parts)]
    whole.append((tiny / "train.jsonl", 3))
    with ExitStack() as stack:
        files = [(stack.enter_context(path.open("w")), most) for path, most in whole]
        names = "changed.jsonl", f"{LARGE}/changed.jsonl", "image.jsonl"
        part, whole_changed, image = (stack.enter_context((folder / name).open("w")) for name in names)
        for number in range(sizes.entries):
            line = document(number, random, boxes=8)
            text = json.dumps(line, separators=(",", ":")) + "\n"
            for file, most in files:
                if number < most:
                    file.write(text)
            if number % 10 == 0:
                edited(line, number)
                text = json.dumps(line, separators=(",", ":")) + "\n"
            whole_changed.write(text)
            if number < sizes.part:
                part.write(text)
            image.write(_image(number, random))
    (large / "train.jsonl").hardlink_to(folder / "boxes.jsonl")
    with (folder / "boxes.jsonl").open() as lines, (folder / "boxes.yaml").open("w") as file:
        some = list(islice(lines, IN_YAML))
        file.writelines(yaml_manifest(lambda: some))


def _image(number: int, random: Random) -> str:
    name = ("cat", "dog", "bird")[random.randrange(3)]
    line = {
        "source-ref": f"s3://benchmark/images/{number:07}.jpg",
        "animal": 1,
        "animal-metadata": {
            "confidence": 0.93,
            "job-name": "labeling-job/animal",
            "class-name": name,
            "human-annotated": "yes",
            "creation-date": "2026-01-31T00:00:00",
            "type": "groundtruth/image-classification",
        },
    }
    return json.dumps(line, separators=(",", ":")) + "\n"


def _run(step: str, folder: Path, endpoint: str) -> dict[str, Any]:
    commands = {
        "pass": ["-c", "pass"],
        "help": ["-m", "reconciler", "--help"],
        "tiny": ["-m", "reconciler", "validate", str(folder / "tiny")],
    }
    if step in commands:
        return _process(commands[step])
    arguments = [sys.executable, "-m", "benchmarks.steps", step, str(folder), endpoint]
    done = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True)
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def _process(arguments: list[str]) -> dict[str, Any]:
    """CPU seconds of a short process, the median of some."""
    seconds = []
    for _ in range(7):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with Path(os.devnull).open("w") as nowhere:
            subprocess.run([sys.executable, *arguments], check=True, stdout=nowhere)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"seconds": median(seconds), "peak": 0, "calls": {}}


def _grown(folder: Path, size: int) -> dict[str, Any]:
    """CPU and memory of `validate` on the first lines."""
    manifest = folder / "grown" / "boxes.jsonl"
    manifest.parent.mkdir(exist_ok=True)
    with (folder / "boxes.jsonl").open("rb") as lines, manifest.open("wb") as some:
        some.writelines(line for _, line in zip(range(size), lines, strict=False))
    return _run("validate boxes", manifest.parent, "-")


def _values(ratio: Ratio, rounds: Rounds) -> list[float]:
    """A ratio in each round."""
    ours, bare = ([one["seconds"] for one in rounds[step]] for step in (ratio.ours, ratio.bare))
    less = [one["seconds"] for one in rounds[ratio.less]] if ratio.less else [0.0] * len(ours)
    return [(mine - out) / (other * ratio.times) for mine, other, out in zip(ours, bare, less, strict=False)]


_HEAD: Final = """\
# Performance

Written by `make bench`: {0:,} lines with 8 boxes each, {0:,} with an image-level label, {1:,} of the lines for `diff`,
5,000 of them in YAML, and a dataset of {2:,} of them on the emulator, all from a seed. CPU seconds, without the time to
load modules; a ratio is the median of at least three interleaved rounds, with the lowest and the highest. Ratios hold
on machines of different speed; seconds do not. What is asked for is the goal of this project; a row that misses it says
so. `make bench-check` compares a new run with this page.

| ratio | asked for | median | lowest | highest |
|---|---|---|---|---|
"""
_COUNTS: Final = """
## Calls and memory

Counted and measured once. The provider's calls are the same ones; its tests count them.

| what | asked for | is |
|---|---|---|
"""
_STEPS: Final = """
## Seconds, memory, calls

Minutes are computed, not measured: the counted calls at AWS's 5 calls per second per operation. A bare step does
json.loads of each line and nothing else (`bare yaml` takes libyaml's events), `list` is boto3's paginator. `plan equal`
lists live, `plan known` has the copy that the [probe](probe.md) proves; "all lines" is a dataset as large as the
manifest.

| step | CPU s | peak MB | calls | minutes at AWS's pace |
|---|---|---|---|---|
"""
_INSTEAD: Final = """
## Beside what one would use instead

| instead | CPU s | ours | CPU s | what it does not do |
|---|---|---|---|---|
"""
_GROWTH: Final = """
## Growth

| lines | `validate`, CPU s | peak MB |
|---|---|---|
"""


def _page(rounds: Rounds, growth: dict[int, dict[str, Any]], counts: list[calls.Row], sizes: Sizes) -> list[str]:
    text = _HEAD.format(*sizes).splitlines()
    for ratio in RATIOS:
        values = _values(ratio, rounds)
        figures = " | ".join(f"{value:.2f}" for value in (median(values), min(values), max(values)))
        text.append(f"| {ratio.words} | {_asked(ratio.asked, median(values))} | {figures} |")
    text += _COUNTS.splitlines()
    text += [f"| {row.words} | {_asked(row.asked, row.counted)} | {row.counted:,} |" for row in counts]
    for words, step, lines, asked in PEAKS:
        if step in rounds:
            peak = max(one["peak"] for one in rounds[step])
            text.append(f"| {words}, {getattr(sizes, lines):,} lines | {_asked(asked, peak)} | {peak:.0f} |")
    text += _STEPS.splitlines()
    for step, rows in rounds.items():
        many = sum(rows[0]["calls"].values())
        pace = f"{many / CALLS_A_SECOND / 60:.1f}" if many else ""
        seconds, peak = median(one["seconds"] for one in rows), max(one["peak"] for one in rows)
        text.append(f"| {step} | {seconds:.2f} | {peak:.0f} | {many or ''} | {pace} |")
    text += _INSTEAD.splitlines()
    for theirs, ours, words, misses in ALTERNATIVES:
        seconds, mine = (median(one["seconds"] for one in rounds[step]) for step in (theirs, ours))
        text.append(f"| {words} | {seconds:.2f} | {ours} | {mine:.2f} | {misses} |")
    if growth:
        text += _GROWTH.splitlines()
        text += [f"| {size:,} | {row['seconds']:.2f} | {row['peak']:.0f} |" for size, row in growth.items()]
        whole = rounds["validate boxes"]
        seconds, peak = median(one["seconds"] for one in whole), max(one["peak"] for one in whole)
        text.append(f"| {sizes.entries:,} | {seconds:.2f} | {peak:.0f} |")
    return text


def _asked(most: float, measured: float) -> str:
    """The goal of a row, and whether it was missed, to the two digits that are shown."""
    return f"at most {most:g}" + (", not reached" if round(measured, 2) > most else "")


def _compare(rounds: Rounds) -> int:
    """1 where a ratio is higher than on the page by more than the page's spread."""
    known = {
        cells[1]: list(map(float, cells[3:6]))
        for cells in _cells()
        if len(cells) > 5 and cells[2].startswith("at most")
    }
    worse = 0
    for ratio in RATIOS:
        middle, low, high = known[ratio.words]
        now = median(_values(ratio, rounds))
        if now > high + max(high - low, 0.1 * middle):
            print(f"SLOWER: {ratio.words}: {now:.2f}, on the page {middle:.2f} ({low:.2f} to {high:.2f})")
            worse = 1
    return worse


def _cells() -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in PAGE.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    sys.exit(main())
