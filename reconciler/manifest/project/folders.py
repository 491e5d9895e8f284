"""The folders under `datasets/`, one per Custom Labels project, with the manifests in them.

The paths in project.yaml stay in the project's folder, symbolic links included.
"""

import errno
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from os.path import lexists
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO, Final, NamedTuple

from msgspec.structs import replace

from reconciler.errors import InvalidDeclaration
from reconciler.manifest.findings import Collector
from reconciler.manifest.parts import SUFFIXES, parts_of
from reconciler.manifest.project.project_yaml import DeclaredDataset, DeclaredProject, read_project
from reconciler.manifest.project.role import account_of
from reconciler.manifest.read import open_regular
from reconciler.manifest.rules import yaml as rules
from reconciler.manifest.yaml.nodes import Fields, MappingNode, Node, NodeReader, YamlStopError
from reconciler.manifest.yaml.text import YamlText
from reconciler.model import (
    NO_DEFAULTS,
    DatasetDeclaration,
    DatasetType,
    Defaults,
    Part,
    Place,
    ProjectDeclaration,
    Retirement,
)
from reconciler.rule import Rule

_FILE: Final = "project.yaml"
_OTHER_NAMES: Final = ("project.yml", "Project.yaml", "Project.yml", "project.yaml.txt")
# Endings of files that may be meant as manifests, and how such a file begins.
_LIKE_MANIFESTS: Final = {"json", "jsonl", "jsonlines", "ndjson", "manifest", "yaml", "yml", "txt", "gz"}
_BEGINS: Final = rb'(?:\xef\xbb\xbf)?(?:\s*[\[{](?s:.*)"source-ref"\s*:|(?s:.*?)^(?:images|entries)[ \t]*:)|\x1f\x8b'
_NEAR: Final = 0.7
_HEAD: Final = 1000
_LARGEST: Final = 1_000_000
_NOTHING_CURE: Final = "write at least one key, such as `managed: true`"
_Report = Callable[..., object]  # (rule, **details), at a place that is known


def default_manifests(folder: Path, dataset: str) -> list[str]:
    """The names of the files in a folder that a dataset's manifest may have without being named."""
    return [name for suffix in SUFFIXES if lexists(folder / (name := dataset + suffix))]


def inside(folder: Path, written: str, report: _Report) -> Path | None:
    """The path that is meant; None after reporting that it is absolute or leads out of the folder."""
    if Path(written).is_absolute() or PureWindowsPath(written).is_absolute():
        report(rules.ABSOLUTE, path=written)
        return None
    path = folder / written
    how = _leaves(folder, path)
    if how is not None:
        report(rules.OUTSIDE, path=written, how=how)
        return None
    return path


def _leaves(folder: Path, path: Path) -> str | None:
    """How the path leads out of the folder, as text to append; None when it stays inside."""
    try:
        path.stat()
    except ValueError:  # a NUL in the name
        return ", or nowhere"
    except OSError as error:
        if error.errno == errno.ELOOP:
            return ", or nowhere"
    if path.resolve().is_relative_to(folder.resolve()):
        return None
    return "" if ".." in path.relative_to(folder).parts else " by a symbolic link"


def load_projects(datasets: Path, shown: str, absent: str = "") -> tuple[ProjectDeclaration, ...]:
    """Read the project.yaml of every folder in `datasets`, in the order of the folders' names.

    `shown` is the folder's name as the user gave it; places are named by it. Manifests are named, not read. With
    `absent`, a dataset without a manifest is declared too: it has the default name with this suffix.

    Raises:
        InvalidDeclaration: with the findings of all folders, at most 50 per file.
    """
    collector = Collector(shown)
    if not datasets.is_dir():
        collector.report(rules.NOT_A_FOLDER if datasets.exists() else rules.NO_DATASETS)
        refuse([collector])
    folders = sorted(path for path in datasets.iterdir() if path.is_dir() and not path.name.startswith("."))
    return _loaded(folders, lambda folder: PurePosixPath(shown, folder.name, _FILE), absent)


def load_project(folder: Path, shown: str) -> ProjectDeclaration | None:
    """Read the project.yaml of one folder, whatever lies beside it; None when it declares nothing.

    Raises:
        InvalidDeclaration: with the findings, at most 50.
    """
    projects = _loaded([folder.resolve()], lambda _folder: PurePosixPath(shown, _FILE))
    return projects[0] if projects else None


def _loaded(
    folders: Iterable[Path], shown: Callable[[Path], PurePosixPath], absent: str = ""
) -> tuple[ProjectDeclaration, ...]:
    collectors: list[Collector] = []
    found: list[tuple[Collector, DeclaredProject, ProjectDeclaration]] = []
    for folder in folders:
        here = Collector(str(shown(folder)))
        collectors.append(here)
        declared = _declared(folder, here)
        if declared is not None:
            found.append((here, declared, _project(declared, here, absent)))
    _refuse_twice(found)
    refuse(collectors)
    return tuple(project for _, _, project in found)


def refuse(collectors: list[Collector]) -> None:
    """Stop where any file has errors.

    Raises:
        InvalidDeclaration: with the errors of all.
    """
    found = [collector.findings() for collector in collectors]
    total = sum(one.error_count for one in found)
    if total:
        raise InvalidDeclaration([error for one in found for error in one.errors], total)


def _declared(folder: Path, collector: Collector) -> DeclaredProject | None:
    """What a folder's project.yaml declares; None when there is none, or it could not be read."""
    if not lexists(folder / _FILE):
        _report_missing(folder, collector)
        return None
    path = inside(folder, _FILE, collector.report)
    root = None if path is None else document_in(path, collector)
    shown = str(PurePosixPath(collector.shown).parent)
    return None if root is None else read_project(root, folder, shown, Fields(collector.report_at))


def _report_missing(folder: Path, collector: Collector) -> None:
    """A folder with what looks like a manifest was meant as a project; any other is skipped."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    shown = PurePosixPath(collector.shown)
    if wrong := [name for name in names if name in _OTHER_NAMES]:
        collector.report(rules.OTHER_NAME, Place(str(shown.with_name(wrong[0]))), example=wrong[0])
    elif likely := [name for name in names if name.endswith(SUFFIXES)]:
        collector.report(rules.NO_PROJECT, Place(str(shown.parent)), example=likely[0])


def document_in(path: Path, collector: Collector) -> Node | None:
    """The document of a small YAML file; None after reporting why there is none."""
    with open_regular(path, collector, manifest=False) as handle:
        if handle is None:
            return None
        if len(handle.read(_LARGEST + 1)) > _LARGEST:
            collector.report(rules.TOO_LARGE, limit=_LARGEST)
            return None
        handle.seek(0)
        with suppress(YamlStopError):
            root = NodeReader(YamlText(handle), collector.report_at).document()
            if root is None:
                collector.report(rules.EMPTY, cure=_NOTHING_CURE)
            return root
    return None


def _project(declared: DeclaredProject, collector: Collector, absent: str) -> ProjectDeclaration:
    datasets = tuple(_datasets(declared, collector, absent))
    kinds = {one.dataset_type for one in datasets}
    missing = (kind for kind in DatasetType if kind not in kinds)
    folder, alone = declared.project.folder, not datasets
    misnamed = [(name, kind.word) for kind in missing for name in _misnamed(folder, kind, alone=alone)]
    if datasets and misnamed:
        datasets = (replace(datasets[0], overlooked=misnamed[0][0]), *datasets[1:])
    for name, dataset in misnamed if alone else ():
        collector.report(rules.MISNAMED, example=name, dataset=dataset)
    if not datasets and not declared.datasets and collector.error_count == 0:
        collector.report(rules.NO_DATASET)
    return replace(declared.project, datasets=datasets)


def _misnamed(folder: Path, kind: DatasetType, *, alone: bool) -> Iterator[str]:
    """The files in a folder that have nearly the name of a manifest and, beside another dataset, the text of one."""
    from difflib import get_close_matches  # noqa: PLC0415 - most folders have both manifests

    known = default_manifests(folder, kind.word)
    for path in sorted(folder.iterdir()):
        words = path.name.casefold().split(".")
        near = get_close_matches(kind.word, (words[0], re.split("[^a-z]", words[0])[0]), cutoff=_NEAR)
        if not near or words[-1] not in _LIKE_MANIFESTS or path.name in known or not path.is_file():
            continue
        if (alone and words[0] == kind.word) or _begins_like_a_manifest(path):
            yield path.name


def _begins_like_a_manifest(path: Path) -> bool:
    with suppress(OSError), path.open("rb") as handle:
        return re.match(_BEGINS, handle.read(_HEAD), re.MULTILINE) is not None
    return False


def _datasets(declared: DeclaredProject, collector: Collector, absent: str) -> Iterator[DatasetDeclaration]:
    """The datasets that are declared or have a manifest of a default name, train before test; with `absent` both."""
    shown, taken = declared.project.shown, list[set[Path]]()
    for kind in DatasetType:
        dataset = declared.datasets.get(kind) or DeclaredDataset((), None, declared.policy)
        found = _files(declared.project.folder, kind, dataset, collector, absent)
        parts = tuple(Part(path, str(PurePosixPath(shown, written))) for written, path in found)
        if parts:
            one = DatasetDeclaration(kind, parts[0].path, _shown(parts), dataset.policy)
            one = replace(one, files=parts if len(parts) > 1 else (), retired=declared.project.retired_in(kind))
            one = replace(one, defaults=declared.project.defaults)
            _refuse_outside(declared.project.folder, one, partial(_report_at, collector, dataset.node))
            paths = {part.path.resolve() for part in parts}
            yield replace(one, is_training_too=paths in taken)
            taken.append(paths)


def _shown(parts: Sequence[Part]) -> str:
    """The name of a manifest that has these files."""
    return parts[0].shown if len(parts) == 1 else f"{parts[0].shown} and {len(parts) - 1:,} more"


def _files(
    folder: Path, kind: DatasetType, dataset: DeclaredDataset, collector: Collector, absent: str
) -> Iterator[tuple[str, Path]]:
    """The files or the folder of a manifest, as written and as they are; what is wrong is reported."""
    if not dataset.manifests:
        report = partial(_report_at, collector, dataset.node)
        written = _default(folder, kind, dataset, report, absent)
        path = inside(folder, written, report) if written else None
        yield from [(written, path)] if written and path else ()
    for node in dataset.manifests:
        report = partial(_report_at, collector, node)
        path = inside(folder, node.text, report)
        if path is not None and path.resolve() == folder.resolve():
            report(rules.OWN_FOLDER, path=node.text, dataset=kind.word)
        elif path is not None:
            yield node.text, path


def _refuse_outside(folder: Path, dataset: DatasetDeclaration, report: _Report) -> None:
    """A file in a folder of manifests may be a link that leads out of the project."""
    for part in parts_of(dataset):
        if part.path != dataset.manifest and (how := _leaves(folder, part.path)) is not None:
            report(rules.OUTSIDE, path=str(part.path.relative_to(folder)), how=how)


def _report_at(collector: Collector, node: Node | None, rule: Rule, **details: object) -> None:
    """Report a finding at a node; without one it is about the file as such."""
    collector.report(rule, collector.place(node.line, node.column) if node else None, **details)


def _default(folder: Path, kind: DatasetType, dataset: DeclaredDataset, report: _Report, absent: str) -> str | None:
    """The manifest of a default name, when there is exactly one; without one, with `absent`, the name that it gets."""
    names = default_manifests(folder, kind.word)
    if len(names) > 1:
        report(rules.TWO_DEFAULTS, first=names[0], second=names[1], dataset=kind.word)
    elif not names and absent:
        return kind.word + absent
    elif not names and isinstance(dataset.node, MappingNode):
        known = ", ".join(kind.word + suffix for suffix in SUFFIXES)
        report(rules.NO_DEFAULT, dataset=kind.word, names=known)
    return names[0] if len(names) == 1 else None


def _refuse_twice(found: list[tuple[Collector, DeclaredProject, ProjectDeclaration]]) -> None:
    """Report every folder that names the project of a folder before it, or has its name in the Pulumi state."""
    seen: dict[str, list[ProjectDeclaration]] = {}
    named: dict[str, ProjectDeclaration] = {}
    for collector, declared, project in found:
        holder = named.setdefault(project.name_in_state, project)
        if holder is not project:
            other = f"{holder.shown}/{_FILE}"
            _report_at(collector, declared.node, rules.SAME_RESOURCE, name=project.name_in_state, other=other)
        identity = project.project_arn or project.name
        before = seen.setdefault(identity, []) if identity else []
        if first := next((one for one in before if _may_be_one(one, project)), None):
            other = f"{first.shown}/{_FILE}"
            _report_at(collector, declared.node, rules.SAME_PROJECT, name=identity, other=other)
        before.append(project)


def _may_be_one(one: ProjectDeclaration, other: ProjectDeclaration) -> bool:
    """Whether two projects of a name are one, as far as the files tell: a run compares their ARNs, too."""
    accounts = [each.account or (account_of(each.assume_role) if each.assume_role else "") for each in (one, other)]
    if not all(accounts) and (one.assume_role or other.assume_role):
        return False  # one is in the account of the credentials
    places = accounts, [one.region, other.region]
    return not any(first and second and first != second for first, second in places)


def parsed_project(handle: BinaryIO, like: ProjectDeclaration) -> ProjectDeclaration | None:
    """A new project.yaml of a project that is declared, with the datasets that it has; None where it is invalid."""
    collector = Collector(f"{like.shown}/{_FILE}")
    with suppress(YamlStopError):
        root = NodeReader(YamlText(handle), collector.report_at).document()
        found = read_project(root, like.folder, like.shown, Fields(collector.report_at)) if root else None
        if found is None or collector.error_count:
            return None
        project = replace(found.project, account=like.account, region=like.region)  # a stage goes before the file
        return replace(project, datasets=like.datasets, assume_role=like.assume_role)
    return None


class Beside(NamedTuple):
    """What a project.yaml says of the dataset of a manifest: images that left it, its list of files, defaults."""

    retired: tuple[Retirement, ...] = ()
    files: tuple[Part, ...] = ()
    defaults: Defaults = NO_DEFAULTS


def declared_beside(manifest: Path, dataset_type: DatasetType) -> Beside:
    """What the project.yaml that `project_beside` finds says of a manifest."""
    project = project_beside(manifest)
    if project is None:
        return Beside()
    same = (one for one in project.datasets if one.dataset_type is dataset_type)
    declared = next((one for one in same if one.manifest.resolve() == manifest.resolve()), None)
    return Beside(project.retired_in(dataset_type), declared.files if declared else (), project.defaults)


def retired_beside(manifest: Path, dataset_type: DatasetType) -> tuple[Retirement, ...]:
    """The images that left the dataset of a manifest, by the project.yaml that `project_beside` finds."""
    return declared_beside(manifest, dataset_type).retired


def folder_above(manifest: Path) -> Path | None:
    """The nearest folder above a manifest that has a project.yaml; None where there is none."""
    return next((folder for folder in manifest.parents if (folder / _FILE).is_file()), None)


def project_beside(manifest: Path) -> ProjectDeclaration | None:
    """The project that a manifest belongs to; None where there is no project.yaml, or an invalid one."""
    folder = folder_above(manifest)
    try:
        return load_project(folder, str(folder)) if folder else None
    except (InvalidDeclaration, OSError):
        return None
