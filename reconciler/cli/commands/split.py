"""`reconciler split`: new entries are dealt to train and test; what is in one of them stays there.

The entries of a group (the frames of a video, `--group`) stay together, with those that are in a manifest already. New
groups are taken in the order of a digest of their name, and a group goes to test while a label of it has less than its
share there: the rarest label decides. So the same files give the same result, in whatever order the entries come.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b

from msgspec import Struct, field

from reconciler.cli.commands.convert import Disk
from reconciler.cli.screen import Screen
from reconciler.cli.session.edited import Taken, edit_manifest, read_again
from reconciler.cli.session.files import NewFiles
from reconciler.cli.session.read import Run, add_datasets, chosen_projects
from reconciler.cli.signals import Signals
from reconciler.entries import meaning_of, parse_live
from reconciler.errors import BadInput, Exit
from reconciler.formats import FORMATS
from reconciler.formats.conversion import Converted
from reconciler.ledger import DESIRED, Ledger, fill_live
from reconciler.manifest import read_manifest
from reconciler.manifest.forms import has_short_lines, is_yaml
from reconciler.manifest.parts import parts_of
from reconciler.manifest.write import json_line_of, short_line_of, yaml_manifest
from reconciler.model import DatasetType, ProjectDeclaration, Severity
from reconciler.run import DatasetRun
from reconciler.text import counted, inert
from reconciler.views.words import finding_lines

# What an entry without a label counts as.
_NONE = ""


def split(run: Run, screen: Screen, _signals: Signals) -> Exit:
    """Deal the entries of the manifests in the arguments to the datasets of one project.

    Raises:
        BadInput: the project has no dataset, a manifest has errors or cannot be edited by position, or the
            pattern of groups is not valid.
    """
    options = run.options
    group = _grouping(options.group)
    project = _project(run)
    add_datasets(run, project)
    there = [one for one in run.datasets if one.dataset.manifest.exists()]
    if not there:
        raise BadInput(f"no manifest of {inert(project.name)} is there; write the first one with `reconciler convert`")
    for one in there:
        one.findings = read_manifest(one.dataset, project.labels, one.ledger.accept, screen.show)
        one.findings.raise_if_refused()
    new = _new(run, screen)
    dealt = _dealt(run.datasets, new, group, options.share)
    with NewFiles(run, screen) as files:
        for one in run.datasets:
            lines = dealt.lines[one.dataset.dataset_type]
            fill_live(one.ledger, (line.line.decode("utf-8", "surrogatepass") for line in lines))
            if one not in there:
                _begin(one, lines, there[0], files, project)
            elif taken := [Taken(row.key, None, row.seq) for row in one.ledger.live_only()]:
                edit_manifest(one, files, taken, project, screen.show).raise_if_refused()
        files.done()
    for text in _told(run.datasets, dealt, there):
        screen.line(text)
    return Exit.DONE


def _project(run: Run) -> ProjectDeclaration:
    """The project, with both of its datasets; one without a manifest gets it in the form of the other one.

    Raises:
        BadInput: it is not one project, or it has no dataset.
    """
    options = run.options
    projects = chosen_projects(options.datasets, options.projects)
    if len(projects) != 1:
        raise BadInput("name one project that has both datasets: --project NAME")
    project = projects[0]
    if len(project.datasets) < len(DatasetType):
        other = project.datasets[0]
        name = other.files[0].path if other.files else other.manifest
        project = chosen_projects(options.datasets, [project.name], name.suffix or ".jsonl")[0]
    return project


def _begin(
    one: DatasetRun, lines: Sequence[Converted], other: DatasetRun, files: NewFiles, project: ProjectDeclaration
) -> None:
    """Write a manifest that is not there yet, in the form of the project's other one, if it gets any entry."""
    texts = [line.line.decode("utf-8", "surrogatepass") for line in lines]
    if not texts:
        return
    short = has_short_lines(parts_of(other.dataset)[0].path)
    if is_yaml(one.dataset.manifest):
        pieces = (piece.encode("utf-8", "surrogatepass") for piece in yaml_manifest(lambda: texts))
    else:
        pieces = (short_line_of(text, one.dataset.defaults) if short else json_line_of(text) for text in texts)
    file = files.write(one.dataset.manifest, pieces)
    with Ledger() as written:
        read_again(one, {one.dataset.manifest: file}, project, written).raise_if_refused()


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


class _Dealt(Struct):
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


def _told(datasets: Sequence[DatasetRun], dealt: _Dealt, there: Sequence[DatasetRun]) -> Iterator[str]:
    for one in datasets:
        count = len(dealt.lines[one.dataset.dataset_type])
        many, shown = counted(count, "entry", "entries"), inert(one.dataset.shown)
        if one in there:
            yield f"{inert(one.title)}: {many} added to {shown}"
        else:
            name = "a new file, which is read without a line in project.yaml" if count else "which is not written"
            yield f"{inert(one.title)}: {many} in {shown}, {name}"
    if dealt.there:
        yield f"{counted(len(dealt.there), 'entry', 'entries')} of one of the two already, and left where it is"
