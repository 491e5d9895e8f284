"""Converted lines merged into a manifest by what they mean: dates and names of jobs alone change no byte."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from reconciler.cli.screen import Screen
from reconciler.cli.session.declared import item_for, retired
from reconciler.cli.session.edited import Taken, edit_manifest
from reconciler.cli.session.files import NewFiles
from reconciler.cli.session.read import Run
from reconciler.errors import BadInput, Exit
from reconciler.formats.conversion import Converted
from reconciler.ledger import Ledger, fill_live
from reconciler.manifest import read_manifest
from reconciler.manifest.parts import parts_of
from reconciler.manifest.project.folders import folder_above, load_project
from reconciler.model import DatasetDeclaration, Retirement
from reconciler.policy import Compare
from reconciler.review.offline import undeclared_project
from reconciler.run import DatasetRun
from reconciler.text import counted, inert

# Missing entries that are named.
_NAMED: Final = 10


def merge(run: Run, screen: Screen, lines: Iterable[Converted], into: Path) -> Exit:
    """Change the entries of a manifest whose meaning differs in the lines, and add those that it does not have.

    Entries that the lines do not have are named and stay, or are retired where a reason for that is given.

    Raises:
        BadInput: the manifest has errors, changes that are not committed, or cannot be edited by position.
    """
    if not into.exists():
        raise BadInput(f"{inert(str(into))} is not a file; write a new manifest with -o")
    one = _declared(run, into)
    one.findings = read_manifest(one.dataset, None, one.ledger.accept, screen.show)
    one.findings.raise_if_refused()
    fill_live(one.ledger, (line.line.decode("utf-8", "surrogatepass") for line in lines))
    changed, missing = _compared(one)
    added = [Taken(row.key, None, row.seq) for row in one.ledger.live_only()]
    why = run.options.retire
    taken = [*changed, *added, *(missing if why else ())]
    with NewFiles(run, screen) as files:
        project = one.project
        if why and missing:
            leaving = [Retirement(item_for(entry.key), why, one.dataset.dataset_type) for entry in missing]
            project = retired(files, project, leaving)
        if taken:
            edit_manifest(one, files, taken, project, screen.show).raise_if_refused()
        files.done()
    for text in _told(one, changed, added, missing, retire=bool(why)):
        screen.line(text)
    return Exit.DONE


def _declared(run: Run, into: Path) -> DatasetRun:
    """The dataset of the manifest: of the project.yaml beside it, or of none."""
    folder = folder_above(into)
    project = load_project(folder, str(folder)) if folder else None
    mine = [one for one in project.datasets if _has(one, into)] if project else []
    if project is None or not mine:
        if run.options.retire:
            raise BadInput(f"no project.yaml beside {inert(str(into))} declares it, so that nothing can be retired")
        project = undeclared_project(into, str(into), into.stem)
        mine = list(project.datasets)
    return DatasetRun(project, replace(mine[0], retired=()), run.resources.enter_context(Ledger()))


def _has(dataset: DatasetDeclaration, into: Path) -> bool:
    """Whether a path is the manifest of a dataset, or one of its files."""
    return into.resolve() in {path.resolve() for path in (dataset.manifest, *(one.path for one in parts_of(dataset)))}


def _compared(one: DatasetRun) -> tuple[list[Taken], list[Taken]]:
    """The entries that mean something different in the lines, and those that the lines do not have."""
    changed: list[Taken] = []
    missing: list[Taken] = []
    for row in one.ledger.differing(Compare.LABELS):
        if row.place:
            entry = Taken(row.key, row.place, row.seq, goes=not row.in_live)
            (missing if entry.goes else changed).append(entry)
    return changed, missing


def _told(
    one: DatasetRun, changed: Sequence[Taken], added: Sequence[Taken], missing: Sequence[Taken], *, retire: bool
) -> Iterator[str]:
    shown = inert(one.dataset.shown)
    if not (changed or added or (missing and retire)):
        yield f"{shown} is unchanged: every entry means the same"
    else:
        gone = f", {len(missing):,} retired" if retire and missing else ""
        yield f"{shown}: {counted(len(changed), 'entry', 'entries')} changed, {len(added):,} added{gone}"
    if missing and not retire:
        yield (
            f"{counted(len(missing), 'entry', 'entries')} that the annotations do not have stay; "
            "--retire-missing WHY retires them:"
        )
        yield from (f"  {inert(entry.key)}" for entry in missing[:_NAMED])
        if len(missing) > _NAMED:
            yield f"  ... and {len(missing) - _NAMED:,} more"
