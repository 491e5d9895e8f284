"""The project's other dataset, for the guards that compare the two: its manifest, and what its policy does."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from reconciler.entries.image_names import Images
from reconciler.ledger import Ledger
from reconciler.manifest.project.folders import project_beside
from reconciler.model import DatasetDeclaration, DatasetType, Prefixes
from reconciler.plan import Sibling
from reconciler.policy import Policy
from reconciler.shell.desired import read_once


def sibling_of(
    manifest: str, dataset_type: DatasetType, policy: Policy, named: str | None = None, images: Prefixes = ()
) -> Sibling:
    """The other dataset of a manifest's project: the manifest that is `named`, or the one that project.yaml declares.

    Without a project.yaml `policy`, the dataset's own, counts as the other's. `images` maps the keys of both.
    """
    project = project_beside(Path(manifest))
    others = (one for one in project.datasets if one.dataset_type is not dataset_type) if project else iter(())
    declared = next(others, None)
    if named is not None and (declared is None or declared.manifest.resolve() != Path(named).resolve()):
        declared = DatasetDeclaration(dataset_type.other, Path(named), named, policy)
    if declared is None:
        return Sibling()
    shown, declared = named or str(declared.manifest), replace(declared, images=images)
    retired = Images((one.image for one in declared.retired), images)
    return Sibling(shown, partial(_keys, declared), leftover=declared.policy.extra.leftover, retired=retired)


def _keys(dataset: DatasetDeclaration) -> Iterable[tuple[str, bool]] | None:
    """The keys of a manifest; None where it is invalid or cannot be read."""
    ledger = Ledger()
    try:
        findings = read_once(dataset, None, ledger, Path())
    except OSError:
        return None
    return None if findings.refused else ledger.keys()
