"""What the project of a manifest declares beside it: the keys of its test dataset.

Knows how a project's folder is found from a manifest. Refuses to complain: a folder that does not pass declares nothing
here; whoever reads it for itself hears why.
"""

from pathlib import Path
from typing import Final

from reconciler.errors import InvalidDeclaration
from reconciler.manifest.folders import load_projects
from reconciler.manifest.reading import read_manifest
from reconciler.model import DatasetType, DesiredEntry, Place, ProjectDeclaration

__all__ = ["keys_of_test_set"]

_PROJECT: Final = "project.yaml"


def keys_of_test_set(manifest: Path) -> set[str]:
    """The keys of the test manifest of the project that a manifest belongs to; none where none is declared."""
    keys: set[str] = set()

    def accept(entry: DesiredEntry) -> Place | None:
        keys.add(entry.entry.key)
        return None

    try:
        folder = next((folder for folder in manifest.parents if (folder / _PROJECT).is_file()), None)
        project = _project(folder.resolve()) if folder else None
        for dataset in project.datasets if project else ():
            if dataset.dataset_type is DatasetType.TEST:
                read_manifest(dataset, None, accept)
    except (InvalidDeclaration, OSError):
        return set()
    return keys


def _project(folder: Path) -> ProjectDeclaration | None:
    projects = load_projects(folder.parent, folder.parent.name)
    return next((one for one in projects if one.folder.resolve() == folder), None)
