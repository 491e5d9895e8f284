"""`reconciler rename-label`: a label gets a different name in both manifests and in `labels` of project.yaml."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from reconciler.cli.screen import Screen
from reconciler.cli.session.declared import relabelled
from reconciler.cli.session.edited import read_again
from reconciler.cli.session.files import NewFiles
from reconciler.cli.session.read import Run, add_datasets, chosen_projects
from reconciler.cli.signals import Signals
from reconciler.errors import BadInput, Exit
from reconciler.ledger import Ledger
from reconciler.manifest import read_manifest
from reconciler.manifest.findings import Collector
from reconciler.manifest.forms import file_lines, is_yaml
from reconciler.manifest.parts import parts_of
from reconciler.manifest.rename import has_twice, meaning_after, places_of, renamed, with_label
from reconciler.model import Place, ProjectDeclaration
from reconciler.policy import Compare
from reconciler.run import DatasetRun
from reconciler.text import counted, did_you_mean, inert


def rename_label(run: Run, screen: Screen, _signals: Signals) -> Exit:
    """Rename a label wherever the chosen projects have it; with --merge it may become one that they have already.

    Raises:
        BadInput: no manifest has the label, the new one is there and --merge was not given, an image has both, or a
            file cannot be edited by position or has changes that are not committed.
    """
    old, new = run.options.sources
    if old == new or not new:
        raise BadInput("give two labels that differ: the one that is there, and its new name")
    projects = chosen_projects(run.options.datasets, run.options.projects)
    for project in projects:
        add_datasets(run, project)
    for one in run.datasets:
        one.findings = read_manifest(one.dataset, None, one.ledger.accept, screen.show)
        one.findings.raise_if_refused()
    found = [(one, _look(one, old, new)) for one in run.datasets]
    _refuse(run, found, old, new)
    lines: list[str] = []
    with NewFiles(run, screen) as files:
        for project in projects:
            mine = [(one, seen) for one, seen in found if one.project.shown == project.shown and seen.entries]
            lines += _in_project(project, mine, files, old, new) if mine else []
        files.done()
    for line in lines:
        screen.line(line)
    return Exit.DONE


class _Seen(Struct, frozen=True):
    """Where a manifest may have the label, in how many entries, and the first entry that would have two of it."""

    places: Sequence[Place]
    entries: int
    twice: Place | None


def _look(one: DatasetRun, old: str, new: str) -> _Seen:
    """Read the manifest for the places of the label."""
    places: list[Place] = []
    entries, twice = 0, None
    for part in parts_of(one.dataset):
        with part.path.open("rb") as handle:
            for line in file_lines(part.path, handle, Collector(part.shown), one.dataset.defaults):
                after = renamed(line.document, old, new)
                if after is not None:
                    entries += 1
                    places += places_of(line, old)
                    twice = twice or (line.place if has_twice(after, new) else None)
    return _Seen(places, entries, twice)


def _refuse(run: Run, found: Sequence[tuple[DatasetRun, _Seen]], old: str, new: str) -> None:
    having = [(one, seen) for one, seen in found if seen.entries]
    known = list(dict.fromkeys(label for one in run.datasets if one.findings for label in one.findings.labels))
    if not having:
        raise BadInput(f"no manifest has the label {inert(old)!r}{did_you_mean(old, known)}; nothing was written")
    shown = {one.project.shown for one, _seen in having}
    there = [one for one in run.datasets if one.project.shown in shown and one.findings and new in one.findings.labels]
    if there and not run.options.merge:
        name = inert(there[0].dataset.shown)
        raise BadInput(f"{name} has the label {inert(new)!r} already; give --merge to make one of the two")
    twice = next((seen.twice for _one, seen in having if seen.twice), None)
    if twice:
        raise BadInput(
            f"{inert(str(twice))}: the image has both labels; remove one of them there first; nothing was written"
        )


def _in_project(
    project: ProjectDeclaration, found: Sequence[tuple[DatasetRun, _Seen]], files: NewFiles, old: str, new: str
) -> Iterator[str]:
    """Write the files of one project; gives a line about each."""
    after = relabelled(files, project, old, new)
    if after != project:
        yield f"{inert(project.shown)}/project.yaml: the label is renamed in `labels`"
    for one, seen in found:
        written = {}
        for part in parts_of(one.dataset):
            if places := [place for place in seen.places if place.file == part.shown]:
                with part.path.open("rb") as handle:
                    pieces = with_label(handle, places, old, new, is_yaml=is_yaml(part.path))
                    written[part.path] = files.write(part.path, pieces)
        with Ledger() as read:
            read_again(one, written, after, read)
            _refuse_other_changes(one, read, old, new)
        yield f"{inert(one.title)}: {counted(seen.entries, 'entry', 'entries')} in {inert(one.dataset.shown)}"


def _refuse_other_changes(one: DatasetRun, after: Ledger, old: str, new: str) -> None:
    """Every entry of the new file means what it meant, with the label renamed."""
    shown = inert(one.dataset.shown)
    for row in one.ledger.desired_rows():
        wanted = meaning_after(row.desired or b"", old, new)
        mode = Compare.LABELS if wanted is not None else Compare.STRICT
        wanted = wanted or one.ledger.digests(row.key, mode)[0]
        if after.digests(row.key, mode)[0] != wanted:
            raise BadInput(f"{shown}: the entry {inert(row.key)} could not be renamed; edit the file by hand")
    same = after.desired_facts(Compare.LABELS).entries == one.ledger.desired_facts(Compare.LABELS).entries
    if not same:
        raise BadInput(f"{shown}: other entries would change too; edit the file by hand")
