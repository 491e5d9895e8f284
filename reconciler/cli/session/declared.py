"""project.yaml changed by position: images that leave on purpose, and labels that the closed list lacks."""

import glob
from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from reconciler.cli.session.files import NewFiles
from reconciler.errors import BadInput
from reconciler.manifest.project.edit import Item, with_item_renamed, with_items
from reconciler.manifest.project.folders import parsed_project
from reconciler.model import ProjectDeclaration, Retirement
from reconciler.text import inert

_FILE: Final = "project.yaml"


def retired(files: NewFiles, project: ProjectDeclaration, leaving: Iterable[Retirement]) -> ProjectDeclaration:
    """The project with these images in `retired`, less those that are retired already.

    Raises:
        BadInput: the file cannot be edited by position, or has changes that are not committed.
    """
    known = {(one.image, one.dataset_type) for one in project.retired}
    new = [one for one in leaving if known.isdisjoint({(one.image, None), (one.image, one.dataset_type)})]
    return _with(
        files, project, "retired", [_item(one) for one in new], replace(project, retired=(*project.retired, *new))
    )


def labelled(
    files: NewFiles, project: ProjectDeclaration, labels: Iterable[str]
) -> tuple[ProjectDeclaration, list[str]]:
    """The project with these labels in its closed list, and those that were added.

    Raises:
        BadInput: as for `retired`.
    """
    new = [] if project.labels is None else [label for label in labels if label not in project.labels]
    return _with(files, project, "labels", new, replace(project, labels=(*(project.labels or ()), *new))), new


def relabelled(files: NewFiles, project: ProjectDeclaration, old: str, new: str) -> ProjectDeclaration:
    """The project whose closed list has the new label in place of the old one.

    Raises:
        BadInput: as for `retired`.
    """
    if project.labels is None or old not in project.labels:
        return project
    merges = new in project.labels
    labels = tuple(new if label == old else label for label in project.labels if label != old or not merges)
    path, shown = project.folder / _FILE, f"{project.shown}/{_FILE}"
    content = with_item_renamed(files.text_of(path), "labels", old, "" if merges else new, shown)
    return _written(files, path, content, replace(project, labels=labels), shown)


def item_for(key: str) -> str:
    """A key as an item of `retired` that means this key alone."""
    return glob.escape(key)


def _item(one: Retirement) -> Mapping[str, str]:
    item = {"image": one.image, "reason": one.reason}
    return item | {"dataset": one.dataset_type.word} if one.dataset_type else item


def _with(
    files: NewFiles, project: ProjectDeclaration, key: str, items: Sequence[Item], expected: ProjectDeclaration
) -> ProjectDeclaration:
    """The project with more items in a list of project.yaml; what was written is read again."""
    if not items:
        return project
    path, shown = project.folder / _FILE, f"{project.shown}/{_FILE}"
    content = with_items(files.text_of(path), key, items, shown)
    return _written(files, path, content, expected, shown)


def _written(
    files: NewFiles, path: Path, content: bytes, expected: ProjectDeclaration, shown: str
) -> ProjectDeclaration:
    """Write a project.yaml that is read back as what is expected."""
    if parsed_project(BytesIO(content), expected) != expected:
        raise BadInput(f"{inert(shown)} could not be edited by position; edit it by hand; nothing was written")
    files.write(path, [content])
    return expected
