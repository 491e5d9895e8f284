"""Manifests without a service: the datasets of a path, read into a ledger.

A path is a manifest, the folder of one project, or a folder of such folders (like `datasets/`). A folder without any
project.yaml counts as a project when it has manifests under their usual names.
"""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

from reconciler.errors import BadInput
from reconciler.ledger import Ledger
from reconciler.manifest import Findings, load_projects, read_manifest
from reconciler.manifest.project.folders import default_manifests
from reconciler.manifest.read import entries_despite_errors
from reconciler.model import Compare, DatasetDeclaration, DatasetType, ProjectDeclaration

_PROJECT: Final = "project.yaml"


Declared = tuple[ProjectDeclaration, DatasetDeclaration]


def declared_in(path: Path, shown: str) -> tuple[Declared, ...]:
    """The datasets of a path in order, each with its project; `shown` is the user's name for the path.

    Raises:
        BadInput: the path is not found. InvalidDeclaration: a project.yaml is invalid.
    """
    if path.is_dir():
        return tuple((project, dataset) for project in _in_folder(path, shown) for dataset in project.datasets)
    if not path.exists():
        raise BadInput(f"{shown} was not found; give a manifest, a folder, or a git revision such as main:datasets")
    project = project_of(path, shown, _named_by(path, shown))
    return ((project, project.datasets[0]),)


def project_of(manifest: Path, shown: str, name: str) -> ProjectDeclaration:
    """A manifest without a project, as one of this name: with any labels, and every default."""
    kind = DatasetType.TEST if manifest.name.startswith(DatasetType.TEST.word) else DatasetType.TRAIN
    return _undeclared(manifest.parent, str(Path(shown).parent), name, (DatasetDeclaration(kind, manifest, shown),))


def read(declared: Declared, ledger: Ledger) -> Findings:
    """Read a manifest into an empty ledger; from one with errors, every entry that can be read."""
    project, dataset = declared
    findings = read_manifest(dataset, project.labels, ledger.accept)
    if findings.refused:
        ledger.forget_desired()
        for entry in entries_despite_errors(dataset):
            ledger.accept(entry)
    return findings


def earlier_in(ledgers: Collection[Ledger], mode: Compare) -> Callable[[str], Collection[bytes]]:
    """The digests of a key in earlier revisions, of which each ledger holds one: for `reconciler.run.Base`."""

    def earlier(key: str) -> Collection[bytes]:
        digests = (ledger.digests(key, mode)[0] for ledger in ledgers)
        return {digest for digest in digests if digest is not None}

    return earlier


def _named_by(manifest: Path, shown: str) -> str:
    """The project name of a manifest without a project: its own name, or its folder's if that is more specific."""
    folder = Path(shown).parent.name.rpartition(":")[2]
    return folder if folder and manifest.stem in {kind.word for kind in DatasetType} else manifest.stem


def _in_folder(path: Path, shown: str) -> Iterator[ProjectDeclaration]:
    if (path / _PROJECT).exists():
        here = path.resolve()
        named = Path(shown).name not in {"", ".."}
        projects = load_projects(here.parent, str(Path(shown).parent if named else Path(shown, "..")))
        yield from (project for project in projects if project.folder.resolve() == here)
    elif any((folder / _PROJECT).exists() for folder in path.iterdir() if folder.is_dir()):
        yield from load_projects(path, shown)
    else:
        found = tuple(_bare(path, shown))
        if not found:
            raise BadInput(f"{shown} has no project.yaml and no manifest such as train.jsonl; name another folder")
        yield _undeclared(path, shown, path.resolve().name, found)


def _bare(path: Path, shown: str) -> Iterator[DatasetDeclaration]:
    """The manifests of a folder without project.yaml."""
    for kind in DatasetType:
        for name in default_manifests(path, kind.word)[:1]:
            yield DatasetDeclaration(kind, path / name, str(Path(shown) / name))


def _undeclared(folder: Path, shown: str, name: str, datasets: tuple[DatasetDeclaration, ...]) -> ProjectDeclaration:
    return ProjectDeclaration(folder, shown, name, managed=False, project_arn=None, datasets=datasets)
