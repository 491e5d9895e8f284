"""The folders under `datasets/`: one a Custom Labels project.

Paths in project.yaml: they stay in the project's folder, also by symbolic link.

What the project of a manifest declares beside it: the keys of its test dataset.
"""

import errno
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from reconciler.errors import InvalidDeclaration
from reconciler.manifest.project.project_yaml import DeclaredDataset, DeclaredProject, read_project
from reconciler.manifest.read import open_regular, read_manifest
from reconciler.manifest.rules import project as rules
from reconciler.manifest.rules import yaml as yaml_rules
from reconciler.manifest.rules.findings import KEPT, Collector
from reconciler.manifest.yaml.nodes import Mapping, Node, NodeReader, YamlStopError, YamlText
from reconciler.manifest.yaml.values import Fields
from reconciler.model import DatasetDeclaration, DatasetType, DesiredEntry, Finding, Place, ProjectDeclaration
from reconciler.rule import Rule

DEFAULT_SUFFIXES: Final = (".jsonl", ".manifest", ".yaml", ".yml")


def default_manifests(folder: Path, dataset: str) -> list[str]:
    """The names of the files in a folder that a dataset's manifest may have without being named."""
    return [name for suffix in DEFAULT_SUFFIXES if _exists(folder / (name := dataset + suffix))]


def inside(folder: Path, written: str, report: Callable[..., None]) -> Path | None:
    """The path that is meant, unless it is absolute or leads out of the folder; `report` takes a rule and details."""
    if Path(written).is_absolute() or PureWindowsPath(written).is_absolute():
        report(rules.ABSOLUTE, path=written)
        return None
    path = folder / written
    rule = _leaves(folder, path, written)
    if rule is not None:
        report(rule[0], path=written, how=rule[1])
        return None
    return path


def _leaves(folder: Path, path: Path, written: str) -> tuple[Rule, str] | None:
    """The rule that the path breaks and how, as text to append."""
    try:
        resolved = path.resolve()
        home = folder.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links before Python 3.13, or a NUL in the name
        return rules.OUTSIDE, ", or nowhere"
    if _loops(path):
        return rules.OUTSIDE, ", or nowhere"
    if resolved.is_relative_to(home):
        return None
    return rules.OUTSIDE, "" if ".." in Path(written).parts else " by a symbolic link"


def _loops(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def _exists(path: Path) -> bool:
    return path.is_symlink() or path.exists()


_FILE: Final = "project.yaml"
_OTHER_NAMES: Final = ("project.yml", "Project.yaml", "Project.yml", "project.yaml.txt")
_LARGEST: Final = 1_000_000
_NOTHING_CURE: Final = "write at least one key, such as `managed: true`"


def load_projects(datasets: Path, shown: str) -> tuple[ProjectDeclaration, ...]:
    """Read the project.yaml of every folder in `datasets`, in the order of the folders' names.

    `shown` is how the user knows the folder; places are named by it. Manifests are named, not read.

    Raises:
        InvalidDeclaration: with the findings of all folders, at most 50 a file.
    """
    collector = Collector(shown)
    if not datasets.is_dir():
        collector.report(rules.NOT_A_FOLDER if datasets.exists() else rules.NO_DATASETS, collector.place)
        _refuse([collector])
    folders = [
        folder
        for folder in sorted(datasets.iterdir(), key=lambda path: path.name)
        if folder.is_dir() and not folder.name.startswith(".")
    ]
    return _loaded(folders, lambda folder: PurePosixPath(shown, folder.name, _FILE))


def load_project(folder: Path, shown: str) -> ProjectDeclaration | None:
    """Read the project.yaml of one folder, whatever stands beside it; None when it declares nothing.

    Raises:
        InvalidDeclaration: with the findings, at most 50.
    """
    projects = _loaded([folder.resolve()], lambda _folder: PurePosixPath(shown, _FILE))
    return projects[0] if projects else None


def _loaded(folders: Iterable[Path], shown: Callable[[Path], PurePosixPath]) -> tuple[ProjectDeclaration, ...]:
    collectors: list[Collector] = []
    found: list[tuple[Collector, DeclaredProject, ProjectDeclaration]] = []
    for folder in folders:
        here = Collector(str(shown(folder)))
        collectors.append(here)
        declared = _declared(folder, here)
        if declared is not None:
            found.append((here, declared, _project(folder, declared, here)))
    _refuse_twice(found)
    _refuse(collectors)
    return tuple(project for _, _, project in found)


def _refuse(collectors: list[Collector]) -> None:
    kept: list[Finding] = []
    total = 0
    for collector in collectors:
        errors, count = collector.errors()
        kept += errors[:KEPT]
        total += count
    if total:
        raise InvalidDeclaration(kept, total)


def _declared(folder: Path, collector: Collector) -> DeclaredProject | None:
    """What a folder's project.yaml says; None when there is none, or it could not be read."""
    path = folder / _FILE
    if not path.exists() and not path.is_symlink():
        _report_missing(folder, collector)
        return None
    if inside(folder, _FILE, partial(collector.report, locate=collector.place)) is None:
        return None
    root = _root(path, collector)
    return None if root is None else read_project(root, folder.name, Fields(collector.report_at))


def _report_missing(folder: Path, collector: Collector) -> None:
    """A folder with what looks like a manifest was meant as a project; any other is passed over."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    for name in names:
        if name in _OTHER_NAMES:
            shown = str(PurePosixPath(collector.shown).with_name(name))
            collector.report(rules.OTHER_NAME, partial(Place, shown), example=name)
            return
    likely = [name for name in names if name.endswith(DEFAULT_SUFFIXES)]
    if likely:
        shown = str(PurePosixPath(collector.shown).parent)
        collector.report(rules.NO_PROJECT, partial(Place, shown), example=likely[0])


def _root(path: Path, collector: Collector) -> Node | None:
    with open_regular(path, collector) as handle:
        if handle is None:
            return None
        if len(handle.read(_LARGEST + 1)) > _LARGEST:
            collector.report(rules.TOO_LARGE, collector.place, limit=_LARGEST)
            return None
        handle.seek(0)
        root = None
        with suppress(YamlStopError):
            root = NodeReader(YamlText(handle), collector.report_at).document()
            if root is None:
                collector.report(yaml_rules.EMPTY, collector.place, cure=_NOTHING_CURE)
        return root


def _project(folder: Path, declared: DeclaredProject, collector: Collector) -> ProjectDeclaration:
    datasets = tuple(_datasets(folder, declared, collector))
    if not datasets and not declared.datasets and collector.error_count == 0:
        collector.report(rules.NO_DATASET, collector.place)
    return ProjectDeclaration(
        folder=folder,
        shown=str(PurePosixPath(collector.shown).parent),
        name=declared.name,
        managed=declared.managed,
        project_arn=declared.project_arn,
        datasets=datasets,
        labels=declared.labels,
    )


def _datasets(folder: Path, declared: DeclaredProject, collector: Collector) -> Iterator[DatasetDeclaration]:
    """The datasets that are declared or have a manifest of a default name, train before test."""
    paths: set[Path] = set()
    for kind in DatasetType:
        dataset = declared.datasets.get(kind) or DeclaredDataset(None, None, declared.policy)
        node = dataset.manifest or dataset.node
        report = partial(collector.report, locate=partial(_place, collector, node))
        written = dataset.manifest.text if dataset.manifest else _default(folder, kind, dataset, report)
        manifest = None if written is None else inside(folder, written, report)
        if written is not None and manifest is not None:
            shown = str(PurePosixPath(collector.shown).parent / written)
            path = manifest.resolve()
            yield DatasetDeclaration(kind, manifest, shown, dataset.policy, is_training_too=path in paths)
            paths.add(path)


def _place(collector: Collector, node: Node | None) -> Place:
    return collector.place() if node is None else collector.place(node.line, node.column)


def _default(folder: Path, kind: DatasetType, dataset: DeclaredDataset, report: Callable[..., None]) -> str | None:
    """The manifest of a default name, when there is exactly one."""
    names = default_manifests(folder, kind.word)
    if len(names) > 1:
        report(rules.TWO_DEFAULTS, first=names[0], second=names[1], dataset=kind.word)
    elif not names and isinstance(dataset.node, Mapping):
        known = ", ".join(kind.word + suffix for suffix in DEFAULT_SUFFIXES)
        report(rules.NO_DEFAULT, dataset=kind.word, names=known)
    return names[0] if len(names) == 1 else None


def _refuse_twice(found: list[tuple[Collector, DeclaredProject, ProjectDeclaration]]) -> None:
    """Report every folder that names the project of a folder before it."""
    seen: dict[str, ProjectDeclaration] = {}
    for collector, declared, project in found:
        identity = project.project_arn or project.name
        first = seen.setdefault(identity, project) if identity else project
        if first is not project:
            locate = partial(_place, collector, declared.name_node)
            collector.report(rules.SAME_PROJECT, locate, name=identity, other=f"{first.shown}/{_FILE}")


_PROJECT: Final = "project.yaml"


def keys_of_test_set(manifest: Path) -> set[str]:
    """The keys of the test manifest of the project that a manifest belongs to; none where none is declared."""
    keys: set[str] = set()

    def accept(entry: DesiredEntry) -> Place | None:
        keys.add(entry.entry.key)
        return None

    try:
        folder = next((folder for folder in manifest.parents if (folder / _PROJECT).is_file()), None)
        project = _project_in(folder.resolve()) if folder else None
        for dataset in project.datasets if project else ():
            if dataset.dataset_type is DatasetType.TEST:
                read_manifest(dataset, None, accept)
    except (InvalidDeclaration, OSError):
        return set()
    return keys


def _project_in(folder: Path) -> ProjectDeclaration | None:
    projects = load_projects(folder.parent, folder.parent.name)
    return next((one for one in projects if one.folder.resolve() == folder), None)
