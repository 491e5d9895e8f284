"""What moved since the last apply, entry by entry, for a drift run that has the applied manifest at hand.

Knows how to name entries. Refuses to decide whether there is drift: a drift run needs no manifest for that.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from reconciler.errors import ReconcilerError
from reconciler.ledger import Ledger
from reconciler.provider.desired import fill_desired, with_digests
from reconciler.provider.previewing import list_and_plan, reviewed
from reconciler.provider.properties import Inputs, Outputs
from reconciler.provider.runtime import Runtime
from reconciler.report.outcome import marked_line
from reconciler.report.preview import preview_of
from reconciler.review.done import marked_of

__all__ = ["named"]

# So many marked entries are named.
_MARKED: Final = 30


def named(process: Runtime, outputs: Outputs, inputs: Inputs) -> tuple[str, ...]:
    """Lines that name the entries; none where another manifest is checked out than the one that was applied."""
    if not Path(inputs.manifest).is_file():
        return ()
    try:
        with Ledger() as ledger:
            findings = fill_desired(inputs, ledger)
            if findings.refused or with_digests(inputs, ledger).desired_digest != outputs.applied.desired_digest:
                return ()
            plan = list_and_plan(process, inputs, ledger, findings, outputs.settled)
            shown = preview_of(reviewed(inputs, ledger, plan, findings))
            marked = tuple(_marked(ledger, plan.marked))
    except ReconcilerError:
        return ()
    if plan.has_changes:
        return shown.summary, *shown.entries, *marked
    if outputs.unfinished:
        # The stored inputs are those of before the failure: under the program's policy the next up may refuse again.
        return *shown.entries, *marked
    return *shown.entries, *marked, "an up sends nothing and records live as it is"


def _marked(ledger: Ledger, total: int) -> Iterator[str]:
    yield from (marked_line(marked_of(row)) for row in islice(ledger.marked(), _MARKED))
    if total > _MARKED:
        yield f"... and {total - _MARKED:,} more marked entries"
