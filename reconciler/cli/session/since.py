"""What changed since a git revision, for `validate --since`: all else is read and not judged.

A project is judged where its project.yaml, one of its manifests or, with a stage, stages.yaml differs from the
revision. Of a manifest that differs only the lines that changed are judged, in YAML the whole entries that they are in;
everything is, where project.yaml changed or the file's first lines, which hold for all entries.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from msgspec import structs
from msgspec.structs import replace

from reconciler.cli.screen import Screen
from reconciler.cli.session.read import Run
from reconciler.git import changed_lines, has_lost_files
from reconciler.manifest.findings import inside
from reconciler.manifest.parts import parts_of
from reconciler.model import DatasetDeclaration, Lines
from reconciler.review.model import Review
from reconciler.run import DatasetRun
from reconciler.text import counted, inert

_ITEM: Final = re.compile(rb"^( *)- ")
_YAML: Final = frozenset({".yaml", ".yml"})
# The lines that changed, None: all of them.
Pairs = tuple[tuple[int, int], ...] | None
_LAST: Final = 10**9
# The danger that compares the entries of two files.
_SHARED: Final = "split-overlap"


def judge_changed(run: Run, screen: Screen, reference: str) -> None:
    """Leave to the run the projects that changed, each dataset with the lines that did.

    Raises:
        BadInput: git, the repository or the revision is not found.
    """
    kept, left = [], set[str]()
    everything = bool(run.stage.name) and _changed(reference, run.options.datasets / "stages.yaml") != ()
    for folder, group in groupby(run.datasets, key=lambda one: one.project.folder):
        datasets = list(group)
        whole = everything or _changed(reference, folder / "project.yaml") != ()
        lines = [None if whole else tuple(_judged(reference, one.dataset)) for one in datasets]
        if all(some == () for some in lines) and not has_lost_files(reference, folder):
            left.add(str(folder))
            continue
        for one, some in zip(datasets, lines, strict=True):
            one.dataset = replace(one.dataset, judged=some)
            kept.append(one)
    run.datasets[:] = kept
    if left:
        what = counted(len(left), "project is", "projects are")
        screen.remark(f"{what} as in {inert(reference)}, and not judged")


def touching(run: Run, screen: Screen, review: Review) -> Review:
    """The review without the images in both train and test that were in both before: neither entry of one changed."""
    old = {project.name for project in review.projects if project.splits and _shares_only_old(run, project.name)}
    dangers = [one for one in review.dangers if one.kind != _SHARED or one.project not in old]
    if many := len(review.dangers) - len(dangers):
        what = counted(many, "danger is", "dangers are")
        screen.remark(f"{what} about entries that did not change, and not judged")
    return structs.replace(review, dangers=tuple(dangers))


def _shares_only_old(run: Run, project: str) -> bool:
    both = [one for one in run.datasets if one.project.name == project]
    keys: list[set[str]] = [{key for key, _labelled in one.ledger.keys()} for one in both]  # noqa: SIM118 - no mapping
    changed = [_changed_keys(one) for one in both]
    return None not in changed and not any(some and some & keys[0].intersection(*keys[1:]) for some in changed)


def _changed_keys(one: DatasetRun) -> set[str] | None:
    """The keys of the entries that are judged; None: all."""
    if one.dataset.judged is None:
        return None
    has = inside(one.dataset.judged)
    return {row.key for row in one.ledger.desired_rows() if row.place and has(row.place)}


def _judged(reference: str, dataset: DatasetDeclaration) -> Iterator[Lines]:
    """The lines of a manifest that changed, file by file; of a new file all."""
    for part in parts_of(dataset):
        changed = _changed(reference, part.path)
        yield from (Lines(part.shown, *pair) for pair in (((1, _LAST),) if changed is None else changed))


def _changed(reference: str, path: Path) -> Pairs:
    lines = changed_lines(reference, path) if path.exists() else ()
    return _entries(path, lines) if lines and path.suffix.lower() in _YAML and path.name != "project.yaml" else lines


def _entries(path: Path, lines: Sequence[tuple[int, int]]) -> Pairs:
    """The lines of the whole entries that these lines are in; None where they are not in the block list of entries."""
    content = path.read_bytes().splitlines()
    found = [(number, match[1]) for number, line in enumerate(content, start=1) if (match := _ITEM.match(line))]
    starts = [number for number, indent in found if indent == found[0][1]]
    if not starts or lines[0][0] < starts[0]:
        return None
    ends = [*(start - 1 for start in starts[1:]), len(content) + 1]
    return tuple(
        (starts[bisect_right(starts, first) - 1], ends[bisect_right(starts, max(first, last)) - 1])
        for first, last in lines
    )
