"""Two manifests, folders or revisions compared without a service: the first takes the place of live.

The rules, the plan and the review are the same as against a service. Findings of class error are in the review and do
not stop it: every entry that can be read is compared. `extra: replace` and `extra: fail` count as `report`, so that
single changes are shown; the review still holds the policy as it is.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from reconciler.errors import BadInput
from reconciler.guards import Asked
from reconciler.ledger import Ledger
from reconciler.model import DatasetType, Extra
from reconciler.plan import Request, plan
from reconciler.review.build import review_of
from reconciler.review.changes import CHANGES_KEPT
from reconciler.review.manifests import Declared, declared_in, read
from reconciler.review.model import Compared, Review
from reconciler.run import DatasetRun

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
    one = DatasetRun(*declared, ledger, read(after, ledger) if after else None, declared[0].project_arn)
    if before:
        with Ledger() as other:
            read(before, other)
            for row in other.desired_rows():
                ledger.observe((row.desired or b"").decode("utf-8", "surrogatepass"))
    policy = one.dataset.policy
    shown = policy if policy.extra.unlabels else replace(policy, extra=Extra.REPORT)
    request = Request(one.title, shown, Asked(one.dataset.dataset_type), one.bucket, offline=True)
    one.plan = plan(ledger, request, exists=before is not None)
    return one
