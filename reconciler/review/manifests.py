"""Manifests without a service: the datasets of a path, and a ledger of what they desire.

A path is a manifest, the folder of one project, or a folder of such folders (like `datasets/`). A folder without any
project.yaml counts as a project when it has manifests under their usual names.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.errors import BadInput
from reconciler.ledger import Ledger
from reconciler.manifest import Findings, load_projects, read_manifest
from reconciler.manifest.project.folders import default_manifests
from reconciler.manifest.read import entries_despite_errors
from reconciler.model import Compare, DatasetDeclaration, DatasetType, ProjectDeclaration

_PROJECT: Final = "project.yaml"


@dataclass(frozen=True, slots=True)
class Declared:
    """One dataset of a path: its project's name and folder, the declaration, the closed list of labels."""

    project: str
    folder: str
    dataset: DatasetDeclaration
    labels: tuple[str, ...] | None = None
    project_arn: str | None = None


def declared_in(path: Path, shown: str) -> tuple[Declared, ...]:
    """The datasets of a path, in order; `shown` is how the user knows it.

    Raises:
        BadInput: there is nothing at the path. InvalidDeclaration: a project.yaml does not pass.
    """
    if path.is_dir():
        return tuple(_in_folder(path, shown))
    if not path.exists():
        raise BadInput(f"{shown} is not there; give a manifest, a folder, or a git revision such as main:datasets")
    kind = DatasetType.TEST if path.name.startswith("test") else DatasetType.TRAIN
    return (Declared(_named_by(path, shown), str(Path(shown).parent), DatasetDeclaration(kind, path, shown)),)


def read(declared: Declared, ledger: Ledger) -> Findings:
    """Read a manifest into an empty ledger, also one with errors: then every entry that can be understood."""
    findings = read_manifest(declared.dataset, declared.labels, ledger.accept)
    if findings.refused:
        ledger.forget_desired()
        for entry in entries_despite_errors(declared.dataset):
            ledger.accept(entry)
    return findings


def earlier_in(ledgers: Collection[Ledger], mode: Compare) -> Callable[[str], Collection[bytes]]:
    """What a key said in earlier revisions, of which each ledger holds one: for `reconciler.review.origin.Base`."""

    def earlier(key: str) -> Collection[bytes]:
        digests = (ledger.digests(key, mode)[0] for ledger in ledgers)
        return {digest for digest in digests if digest is not None}

    return earlier


def _named_by(manifest: Path, shown: str) -> str:
    """What a manifest without a project is called: by its own name, or by its folder's where that says more."""
    folder = Path(shown).parent.name.rpartition(":")[2]
    return folder if folder and manifest.stem in {kind.word for kind in DatasetType} else manifest.stem


def _in_folder(path: Path, shown: str) -> Iterator[Declared]:
    if (path / _PROJECT).exists():
        here = path.resolve()
        named = Path(shown).name not in {"", ".."}
        projects = load_projects(here.parent, str(Path(shown).parent if named else Path(shown, "..")))
        yield from (one for project in projects if project.folder.resolve() == here for one in _datasets(project))
    elif any((folder / _PROJECT).exists() for folder in path.iterdir() if folder.is_dir()):
        yield from (one for project in load_projects(path, shown) for one in _datasets(project))
    else:
        found = list(_bare(path, shown))
        if not found:
            raise BadInput(f"{shown} has no project.yaml and no manifest such as train.jsonl; name another folder")
        yield from found


def _datasets(project: ProjectDeclaration) -> Iterator[Declared]:
    for dataset in project.datasets:
        yield Declared(project.name, project.shown, dataset, project.labels, project.project_arn)


def _bare(path: Path, shown: str) -> Iterator[Declared]:
    """The manifests of a folder without project.yaml."""
    for kind in DatasetType:
        for name in default_manifests(path, kind.word)[:1]:
            yield Declared(path.resolve().name, shown, DatasetDeclaration(kind, path / name, str(Path(shown) / name)))
