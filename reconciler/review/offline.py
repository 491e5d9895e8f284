"""Two manifests, folders or revisions compared without a service: the first takes the place of live.

The rules, the plan and the review are the same as against a service. Findings of class error are in the review and do
not stop it: every entry that can be read is compared. `extra: replace` and `extra: fail` count as `report`, so that
single changes are shown; the review still holds the policy as it is.

A path is a manifest, the folder of one project, or a folder of such folders (like `datasets/`). A folder without any
project.yaml counts as a project when it has manifests under their usual names.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from reconciler.errors import BadInput
from reconciler.guards import Asked
from reconciler.ledger import Ledger
from reconciler.manifest import Findings, load_projects, read_manifest
from reconciler.manifest.project.folders import default_manifests
from reconciler.manifest.read import entries_despite_errors
from reconciler.model import Compare, DatasetDeclaration, DatasetType, Extra, ProjectDeclaration
from reconciler.plan import Request, plan
from reconciler.review.build import review_of
from reconciler.review.changes import CHANGES_KEPT
from reconciler.review.model import Compared, Review
from reconciler.run import DatasetRun

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
    project = undeclared_project(path, shown, _named_by(path, shown))
    return ((project, project.datasets[0]),)


def undeclared_project(manifest: Path, shown: str, name: str) -> ProjectDeclaration:
    """A manifest without a project, as one of this name: with any labels, and every default."""
    kind = DatasetType.TEST if manifest.name.startswith(DatasetType.TEST.word) else DatasetType.TRAIN
    return _undeclared(manifest.parent, str(Path(shown).parent), name, (DatasetDeclaration(kind, manifest, shown),))


def read_side(declared: Declared, ledger: Ledger) -> Findings:
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


_Pair = tuple[Declared | None, Declared | None]


def offline_review(
    before: Path | None,
    after: Path | None,
    shown: tuple[str, str] | None = None,
    keep: int | None = CHANGES_KEPT,
    places: tuple[str, str] | None = None,
) -> Review:
    """The review of what `after` changes in `before`; `shown` are the names that the user gave to the two.

    `places` are longer names for the files of both sides, if there are any. A side that is None is empty. Datasets of
    one project and type are compared; two single manifests always are.

    Raises:
        BadInput: a path is not found, a file is compared with a folder, or both sides are None.
        InvalidDeclaration: a project.yaml is invalid.
    """
    names = shown or (str(before), str(after))
    if before is None and after is None:
        raise BadInput(f"{names[0]} and {names[1]} both have nothing to compare; name a path")
    if before and after and before.exists() and after.exists() and before.is_dir() != after.is_dir():
        raise BadInput(f"{names[0]} and {names[1]} are a file and a folder; compare two files, or two folders")
    called = places or names
    pairs = _paired(declared_in(before, called[0]) if before else (), declared_in(after, called[1]) if after else ())
    with ExitStack() as ledgers:
        datasets = [_planned(pair, ledgers.enter_context(Ledger())) for pair in pairs]
        compared = Compared(before=names[0], after=names[1], offline=True)
        return review_of(datasets, command="diff", compared=compared, keep=keep)


def _paired(before: Sequence[Declared], after: Sequence[Declared]) -> list[_Pair]:
    """Datasets of both sides by project and type, in the order of the second side."""
    if len(before) == len(after) == 1 and before[0][1].manifest.is_file() and after[0][1].manifest.is_file():
        return [(before[0], after[0])]
    old = {(one[0].name, one[1].dataset_type): one for one in before}
    new = {(one[0].name, one[1].dataset_type): one for one in after}
    names = sorted(dict.fromkeys((*new, *old)), key=lambda name: (name[0], name[1] is DatasetType.TEST))
    return [(old.get(name), new.get(name)) for name in names]


def _planned(pair: _Pair, ledger: Ledger) -> DatasetRun:
    before, after = pair
    declared = after or before
    if declared is None:  # `_paired` gives at least one of the two
        raise BadInput("there is nothing to compare")
    one = DatasetRun(*declared, ledger, read_side(after, ledger) if after else None, declared[0].project_arn)
    if before:
        with Ledger() as other:
            read_side(before, other)
            for row in other.desired_rows():
                ledger.observe((row.desired or b"").decode("utf-8", "surrogatepass"))
    policy = one.dataset.policy
    shown = policy if policy.extra.unlabels else replace(policy, extra=Extra.REPORT)
    request = Request(one.title, shown, Asked(one.dataset.dataset_type), one.bucket, offline=True)
    one.plan = plan(ledger, request, exists=before is not None)
    return one
