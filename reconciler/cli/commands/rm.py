"""`reconciler rm`: entries leave a project on purpose: out of the manifests, into `retired` in project.yaml."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from reconciler.cli.screen import Screen
from reconciler.cli.session.declared import item_for, retired
from reconciler.cli.session.edited import Taken, edit_manifest
from reconciler.cli.session.files import NewFiles
from reconciler.cli.session.read import Run, add_datasets, chosen_projects
from reconciler.cli.signals import Signals
from reconciler.entries.image_names import Images
from reconciler.errors import BadInput, Exit
from reconciler.ledger import DESIRED
from reconciler.manifest import read_manifest
from reconciler.model import ProjectDeclaration, Retirement
from reconciler.run import DatasetRun
from reconciler.text import counted, for_shell, inert


def rm(run: Run, screen: Screen, _signals: Signals) -> Exit:
    """Move entries from the manifests to `retired`; the next apply takes their labels off.

    Raises:
        BadInput: a key is in no manifest, a file cannot be edited by position, or has changes that are not committed.
    """
    options = run.options
    if not options.reason.strip():
        raise BadInput("--reason is missing: say why the images leave; project.yaml keeps it")
    projects = chosen_projects(options.datasets, options.projects)
    for project in projects:
        kinds = (one for one in project.datasets if options.dataset_type in {None, one.dataset_type})
        add_datasets(run, replace(project, datasets=tuple(replace(one, retired=()) for one in kinds)))
    for one in run.datasets:
        one.findings = read_manifest(one.dataset, None, one.ledger.accept, screen.show)
        one.findings.raise_if_refused()
    names = [_literal(name, run.datasets) for name in options.sources]
    found = [(one, list(_named(one, names))) for one in run.datasets]
    for name in names:
        _refuse_unknown(name, [entry.key for _one, entries in found for entry in entries])
    lines = []
    with NewFiles(run, screen) as files:
        for project in projects:
            mine = [(one, entries) for one, entries in found if entries and one.project.shown == project.shown]
            leaving = [Retirement(name, options.reason, options.dataset_type) for name in names]
            lines += list(_left(project, mine, leaving, files, screen))
        files.done()
    for line in lines:
        screen.line(line)
    return Exit.DONE


def _literal(name: str, datasets: Sequence[DatasetRun]) -> str:
    """What `retired` says of a name: the address of the entry that has it, or the pattern."""
    for one in datasets:
        for key, _labelled in one.ledger.keys(DESIRED):
            if name in {key, key.removeprefix("s3://").partition("/")[2]}:
                return item_for(key)
    return name


def _named(one: DatasetRun, names: Sequence[str]) -> Iterator[Taken]:
    """The entries of a manifest that are named."""
    images = Images(names)
    for row in one.ledger.desired_rows():
        if row.key in images and row.place:
            yield Taken(row.key, row.place, row.seq, goes=True)


def _refuse_unknown(name: str, keys: Sequence[str]) -> None:
    images = Images([name])
    if not any(key in images for key in keys):
        only = for_shell(name, "KEY")
        raise BadInput(
            f"no manifest has an entry {inert(name)}; an image that only live has is retired by "
            f"`reconciler pull --retire WHY --only {only}`; nothing was written"
        )


def _left(
    project: ProjectDeclaration,
    found: Sequence[tuple[DatasetRun, Sequence[Taken]]],
    leaving: Sequence[Retirement],
    files: NewFiles,
    screen: Screen,
) -> Iterator[str]:
    """Write the files of one project; gives a line about each."""
    keys = list(dict.fromkeys(entry.key for _one, entries in found for entry in entries))
    if not keys:
        return
    after = retired(files, project, [one for one in leaving if any(map(Images([one.image]).__contains__, keys))])
    yield f"{inert(project.shown)}/project.yaml: {counted(len(keys), 'image', 'images')} retired"
    for one, entries in found:
        edit_manifest(one, files, entries, after, screen.show)
        yield f"{inert(one.title)}: {counted(len(entries), 'entry', 'entries')} removed from {inert(one.dataset.shown)}"
