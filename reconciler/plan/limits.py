"""Why a policy or a limit of the service stops an apply, as sentences with the cure."""

from collections.abc import Iterator
from typing import Final

from reconciler.changes import Comparison
from reconciler.ledger import Ledger
from reconciler.limits import DATASET_ENTRIES, DATASET_LABELS
from reconciler.model import Extra
from reconciler.plan.order import Sending, few_labels, fits, peak_labels, steps
from reconciler.text import either, inert

_REPLACE_CURE: Final = (
    "set `extra: replace` to delete the dataset and load it again, or add those entries to the manifest"
)


def limits_passed(ledger: Ledger, compared: Comparison, sending: Sending, bucket: str | None) -> Iterator[str]:
    """What stops an apply, but for guards; `bucket` is the manifest's."""
    if compared.policy.extra.refuses and compared.live_only:
        yield (
            f"{compared.live_only:,} live {'entry is' if compared.live_only == 1 else 'entries are'} not in the "
            f"manifest and the policy is `extra: {compared.policy.extra}`; add them to the manifest, or set "
            f"`extra` to {either([one.value for one in Extra if not one.refuses])}"
        )
    if not compared.lines or compared.loads_all:
        return
    total = compared.desired.entries + compared.live_only
    if total > DATASET_ENTRIES:
        yield (
            f"manifest and live-only entries together are {total:,} images; the limit is {DATASET_ENTRIES:,}; "
            f"{_REPLACE_CURE}"
        )
    yield from _other_buckets(ledger, bucket)
    yield from _too_many_labels(ledger, compared, sending)


def _other_buckets(ledger: Ledger, bucket: str | None) -> Iterator[str]:
    if bucket is None:
        return
    strangers = [row.key for row in ledger.live_only() if not row.key.startswith(f"s3://{bucket}/")]
    if strangers:
        yield (
            f"{len(strangers):,} live entries that the manifest does not have are in a different bucket than its "
            f"images (s3://{bucket}/): {inert(strangers[0])}; all images of a dataset must be in one bucket; "
            f"{_REPLACE_CURE}"
        )


def _too_many_labels(ledger: Ledger, compared: Comparison, sending: Sending) -> Iterator[str]:
    if few_labels(ledger):
        return
    live, by_label = ledger.label_counts(), sending.by_label
    final = peak_labels(steps(ledger, compared, by_label=by_label), live, limit=sending.bytes + 1)
    if not fits(final):
        yield (
            f"manifest and live-only entries together use {final:,} labels; the limit is {DATASET_LABELS}; "
            f"{_REPLACE_CURE}"
        )
    elif by_label and not fits(peak := peak_labels(steps(ledger, compared, by_label=True), live)):
        yield (
            f"while the lines are sent the dataset would have {peak:,} labels, whatever their order; the limit is "
            f"{DATASET_LABELS}; rename the labels in two applies, or set `extra: replace` and remove "
            "one entry from the manifest"
        )
