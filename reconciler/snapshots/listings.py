"""Listings of earlier runs: a copy takes the place of a listing while the probe proves it.

A copy that is lost, cut, stale or of somebody else costs a listing, and changes nothing else.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.aws.clock import utc_now
from reconciler.ledger import Ledger
from reconciler.model import DatasetDescription
from reconciler.policy import Policy, Probe
from reconciler.snapshots.live_copies import LiveCopies, NoCopy
from reconciler.snapshots.probe import Doubt, Sheet, doubt, sheet_of

_LISTS_ALWAYS: Final = (
    "live is listed in every run until the next apply: what the last apply read back is older than `policy.full-read`, "
    "and no listing is kept on this machine; name a place in S3 (--snapshots, or reconciler:snapshots in Pulumi)"
)


class Listings(Struct, frozen=True):
    """The copies of one place, under a policy; without `copies` every run lists, and nothing is written.

    `full`: the user asked for a full listing. `of_run` is when the listing began by which this run has judged the
    dataset so far, "" where there is none, and `aside` when those began that it made of a project's other dataset.
    These count in this run whatever was asked for, and however soon after an update they were made, so that one run
    has one view of live. `left` gives what the last apply read back, as state or record keep it without the entries;
    `applied` fills a ledger with the manifest of that apply, and says whether it could.
    """

    copies: LiveCopies | None = None
    policy: Policy = field(default_factory=Policy)
    full: bool = False
    now: Callable[[], datetime] = utc_now
    of_run: str = ""
    aside: set[str] = field(default_factory=set)
    left: Callable[[], Sheet | None] = lambda: None
    applied: Callable[[Ledger], bool] = lambda _ledger: False

    @contextmanager
    def proven(self, dataset_arn: str, described: DatasetDescription) -> Iterator[tuple[Sheet, Iterator[bytes]] | None]:
        """A block with the sheet of the newest copy and its lines, or with None: live must be listed.

        An older copy is asked only where the newer one was listed too soon after an update.

        Reading the lines to their end may raise NoCopy: then they are not those that were written.
        """
        with ExitStack() as stack:
            for sheet, lines in self._copies(dataset_arn, stack):
                mine = self.is_of_run(sheet)
                policy = replace(self.policy, probe=Probe.ON) if mine else self.policy
                why = doubt(sheet, dataset_arn, described, self.now(), policy)
                if why is None or (mine and why in {Doubt.FRESH, Doubt.OLD}):
                    yield sheet, lines
                    return
                if why is not Doubt.FRESH:
                    break  # an older copy is proven by nothing that speaks against a newer one
            yield None

    def left_as(self, dataset_arn: str, described: DatasetDescription) -> Sheet | None:
        """What the last apply read back, where live still is so; with a warning where it is only too old, for good."""
        sheet = None if self.full else self.left()
        why = doubt(sheet, dataset_arn, described, self.now(), self.policy) if sheet else None
        if why is Doubt.OLD and self.copies and self.copies.goes_with_machine and not self.copies.names(dataset_arn):
            self.copies.warn(_LISTS_ALWAYS)
        return sheet if why is None else None

    def is_of_run(self, sheet: Sheet) -> bool:
        """Whether this run made the listing."""
        return sheet.listed == self.of_run or sheet.listed in self.aside

    def _copies(self, dataset_arn: str, stack: ExitStack) -> Iterator[tuple[Sheet, Iterator[bytes]]]:
        """Each copy that has a sheet, the newest first, with the lines that follow it."""
        if self.copies is None or (self.full and not (self.of_run or self.aside)):
            return
        for name in self.copies.names(dataset_arn):
            lines = stack.enter_context(closing(self.copies.whole(dataset_arn, name)))
            with suppress(NoCopy):
                sheet = sheet_of(next(lines, b""))
                if sheet and (self.is_of_run(sheet) or not self.full):
                    yield sheet, lines

    def keep_aside(self, sheet: Sheet, lines: Iterable[bytes]) -> None:
        """Write a copy of a project's other dataset, which this run takes for that one's own plan."""
        self.aside.add(sheet.listed)
        self.keep(sheet, lines)

    def keep(self, sheet: Sheet, lines: Iterable[bytes]) -> None:
        """Write a copy of what was just listed, unless it would never count."""
        if self.copies and (self.policy.probe.probes or self.is_of_run(sheet)):
            self.copies.write(sheet.dataset, self.now(), msgspec.to_builtins(sheet), lines, seen=True)
