"""`reconciler split`: new entries are dealt to train and test; what is in one of them stays there.

The entries of a group (the frames of a video, `--group`) stay together, with those that are in a manifest already. New
groups are taken in the order of a digest of their name, and a group goes to test while a label of it has less than its
share there: the rarest label decides. So the same files give the same result, in whatever order the entries come.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from reconciler.cli.commands.convert import Disk
from reconciler.cli.screen import Screen
from reconciler.cli.session.edited import Taken, edit_manifest
from reconciler.cli.session.files import NewFiles
from reconciler.cli.session.read import Run, add_datasets, chosen_projects
from reconciler.cli.signals import Signals
from reconciler.entries import meaning_of, parse_live
from reconciler.errors import BadInput, Exit
from reconciler.formats import FORMATS
from reconciler.formats.conversion import Converted
from reconciler.ledger import DESIRED, fill_live
from reconciler.manifest import read_manifest
from reconciler.model import DatasetType, ProjectDeclaration, Severity
from reconciler.run import DatasetRun
from reconciler.text import counted, inert
from reconciler.views.words import finding_lines

# What an entry without a label counts as.
_NONE = ""


def split(run: Run, screen: Screen, _signals: Signals) -> Exit:
    """Deal the entries of the manifests in the arguments to the datasets of one project.

    Raises:
        BadInput: the project does not have both datasets, a manifest has errors or cannot be edited by position, or the
            pattern of groups is not valid.
    """
    options = run.options
    group = _grouping(options.group)
    projects = chosen_projects(options.datasets, options.projects)
    if len(projects) != 1:
        raise BadInput("name one project that has both datasets: --project NAME")
    _refuse_without_both(projects[0])
    add_datasets(run, projects[0])
    for one in run.datasets:
        one.findings = read_manifest(one.dataset, projects[0].labels, one.ledger.accept, screen.show)
        one.findings.raise_if_refused()
    new = _new(run, screen)
    dealt = _dealt(run.datasets, new, group, options.share)
    with NewFiles(run, screen) as files:
        for one in run.datasets:
            lines = dealt.lines[one.dataset.dataset_type]
            fill_live(one.ledger, (line.line.decode("utf-8", "surrogatepass") for line in lines))
            if taken := [Taken(row.key, None, row.seq) for row in one.ledger.live_only()]:
                edit_manifest(one, files, taken, projects[0], screen.show).raise_if_refused()
        files.done()
    for text in _told(run.datasets, dealt):
        screen.line(text)
    return Exit.DONE


def _refuse_without_both(project: ProjectDeclaration) -> None:
    there = {one.dataset_type for one in project.datasets}
    for kind in DatasetType:
        if kind not in there:
            shown = inert(project.shown)
            raise BadInput(
                f"{inert(project.name)} has no {kind.word} manifest, and split needs both datasets: write "
                f"{shown}/{kind.word}.jsonl with at least one entry, and name it under `{kind.word}` if "
                f"{shown}/project.yaml names its manifests; nothing was written"
            )


def _grouping(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern or "(?!)")
    except re.error as error:
        raise BadInput(f"--group {inert(pattern)} is not a regular expression: {error}") from None


def _new(run: Run, screen: Screen) -> list[Converted]:
    """The entries to deal, each key once.

    Raises:
        BadInput: a file cannot be read.
    """
    lines: list[Converted] = []
    errors = 0
    for one in FORMATS["manifest"].convert(Disk(run.options.sources), images="", created=""):
        if isinstance(one, Converted):
            lines.append(one)
        elif one.severity is Severity.ERROR:
            errors += 1
            screen.remark(finding_lines(one)[0], "bad")
    if errors:
        raise BadInput(f"{counted(errors, 'error', 'errors')} in the new entries; nothing was written")
    return lines


@dataclass(slots=True)
class _Dealt:
    """The lines for each dataset, and the keys that one of them has already."""

    lines: dict[DatasetType, list[Converted]] = field(default_factory=lambda: {kind: [] for kind in DatasetType})
    there: list[str] = field(default_factory=list)


def _dealt(datasets: Sequence[DatasetRun], new: Sequence[Converted], group: re.Pattern[str], share: float) -> _Dealt:
    dealt = _Dealt()
    side_of: dict[str, DatasetType] = {}
    counts = {kind: Counter[str]() for kind in DatasetType}
    for one in datasets:
        kind = one.dataset.dataset_type
        for key, _labelled in one.ledger.keys(DESIRED):
            side_of.setdefault(key, kind)
            side_of.setdefault(_group(key, group), kind)
        for row in one.ledger.desired_rows():
            counts[kind].update(row.labels or (_NONE,))
    groups: defaultdict[str, list[Converted]] = defaultdict(list)
    for line in new:
        if line.key in side_of:
            dealt.there.append(line.key)
        else:
            groups[_group(line.key, group)].append(line)
    for name in sorted(groups, key=lambda name: blake2b(name.encode("utf-8", "surrogatepass")).digest()):
        labels = Counter(label for line in groups[name] for label in _labels(line))
        kind = side_of.get(name) or _side(labels, counts, share)
        counts[kind].update(labels)
        dealt.lines[kind] += sorted(groups[name], key=lambda line: line.key)
    return dealt


def _group(key: str, pattern: re.Pattern[str]) -> str:
    """The group of an entry: what the pattern finds in its key, or its first part in parentheses; else the key."""
    match = pattern.search(key)
    return key if match is None else "group " + (match[1] or match[0] if pattern.groups else match[0])


def _labels(line: Converted) -> Sequence[str]:
    return meaning_of(parse_live(line.line.decode("utf-8", "surrogatepass"))).labels or (_NONE,)


def _side(labels: Mapping[str, int], counts: Mapping[DatasetType, Counter[str]], share: float) -> DatasetType:
    """Test while the rarest label has less than its share there."""

    def many(label: str) -> int:
        return sum(count[label] for count in counts.values())

    rarest = min(labels, key=lambda label: (many(label), label))
    enough = share * (many(rarest) + labels[rarest])
    return DatasetType.TEST if counts[DatasetType.TEST][rarest] + labels[rarest] / 2 < enough else DatasetType.TRAIN


def _told(datasets: Sequence[DatasetRun], dealt: _Dealt) -> Iterator[str]:
    for one in datasets:
        many = counted(len(dealt.lines[one.dataset.dataset_type]), "entry", "entries")
        yield f"{inert(one.title)}: {many} added to {inert(one.dataset.shown)}"
    if dealt.there:
        yield f"{counted(len(dealt.there), 'entry', 'entries')} of one of the two already, and left where it is"
