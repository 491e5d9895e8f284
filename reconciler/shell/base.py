"""What the last apply left live, and by it whose a later change is: the base of comparing three ways.

Every apply that reads live back leaves a few figures of it, in Pulumi's state and in its record: digest, the name of
the copy of live, and the ids that git gives to manifest and project.yaml, with short digests of the entries that were
not as the manifest has them. The copy says the most. Where it is not at hand, the manifest is taken from git.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from msgspec.structs import replace

from reconciler.apply.live import sheet_of_live
from reconciler.apply.outcome import Outcome
from reconciler.aws.clock import MOMENT, after
from reconciler.entries import entry_of, parse_live
from reconciler.errors import BadInput
from reconciler.git import SHALLOW, blob_ids, is_shallow, write_blob
from reconciler.ledger import Facts, Kind, Ledger, Pending, Statistics, copied_entries
from reconciler.manifest import read_manifest
from reconciler.manifest.parts import parts_of
from reconciler.model import DatasetDeclaration, Entry
from reconciler.plan import Basis, Judge, Judged
from reconciler.policy import Compare
from reconciler.run import DatasetRun
from reconciler.shell.drift import LeftLive
from reconciler.snapshots.live_copies import LiveCopies, NoCopy
from reconciler.snapshots.probe import Sheet

# The most entries of which it is remembered that they were not as the manifest has them.
_PENDING: Final = 500
# Where copies are that this machine does not have, and what else a base can be made of.
_PLACE: Final = "name the place of the copies (--snapshots, or reconciler:snapshots in Pulumi)"
_HISTORY: Final = "; fetch the branch that was applied with its whole history (`fetch-depth: 0` for actions/checkout)"


def left_by(
    copies: LiveCopies,
    run: DatasetRun,
    outcome: Outcome,
    files: Sequence[Path],
    before: LeftLive | None,
) -> LeftLive | None:
    """What an apply left live, with a copy in the store; `before` where it was not read back, or nothing moved.

    `files` are the manifest and, where there is one, project.yaml.
    """
    live, plan, ledger = outcome.read_back, run.plan, run.ledger
    if live is None or plan is None or not outcome.dataset_arn:
        return before
    mode = plan.policy.compare
    desired = ledger.desired_facts(Compare.STRICT).digest
    now = mode, live.digest, desired
    same = before is not None and not plan.has_changes and (before.compare, before.digest, before.desired) == now
    time = after(copies.now(), [before.at] if before else [])
    sheet = _sheet(ledger, outcome, time)
    same = same and before is not None and before.probe is not None and before.probe.updated == sheet.updated
    if before and same and before.copy and copies.has(before.dataset, before.copy):
        return before
    lines = ledger.base.copied(live_only=bool(files))
    name = copies.write(outcome.dataset_arn, time, msgspec.to_builtins(sheet), lines)
    pending = tuple(map(str, islice(_pending(ledger, mode), _PENDING + 1))) if files else ()
    many = len(pending) > _PENDING
    blobs = blob_ids(files) if len(parts_of(run.dataset)) == 1 else ()  # the ids are those of one file
    return LeftLive(
        at=_time(time),
        dataset=outcome.dataset_arn,
        compare=mode,
        digest=live.digest,
        desired=desired,
        copy=name,
        file=files[0].name if blobs else "",
        manifest=blobs[0] if blobs else "",
        project=blobs[1] if len(blobs) > 1 else "",
        pending=() if many else pending,
        many=many,
        sheet=msgspec.json.encode(sheet).decode("ascii"),
    )


def _time(now: datetime) -> str:
    return f"{now:{MOMENT}}"


def _sheet(ledger: Ledger, outcome: Outcome, now: datetime) -> Sheet:
    """What was read back, so that a later run knows of which dataset and moment it is."""
    counted = outcome.counted or Statistics(0, 0)
    counted = counted if counted.listed else replace(counted, listed=_time(now))
    # What AWS stores in another form than it was sent looks like a listing from before the update.
    proven = outcome.last_update and not (outcome.error or outcome.rejected_total or outcome.rewritten)
    return sheet_of_live(ledger, outcome.dataset_arn, outcome.listed, counted, proven=proven)


def _pending(ledger: Ledger, mode: Compare) -> Iterator[Pending]:
    for row in chain(ledger.differing(mode), ledger.live_only(withheld=False)):
        if row.desired is not None:
            kind = Kind.REWRITTEN if row.in_live and row.same_meaning else Kind.REJECTED
            yield ledger.base.pending(row.key, mode, kind)
        elif row.live_labelled:
            yield ledger.base.pending(row.key, mode, Kind.LIVE_ONLY)


def judge_by(copies: LiveCopies, dataset: DatasetDeclaration, known: Callable[[], Iterable[LeftLive | None]]) -> Judge:
    """Judges changes by what `known` gives, which is asked when there are any: the newest of it is the base."""

    def judge(ledger: Ledger, live: Facts) -> Judged:
        found = sorted(filter(None, known()), key=lambda one: one.at)
        if not found:
            return Judged()
        left = found[-1]
        same_mode = left.compare is dataset.policy.compare
        if left.digest == (live.digest if same_mode else ledger.live_facts(left.compare).digest):
            return Judged(Basis.SAME, "live is as the last apply left it")
        since = f"since the apply of {left.at[:16].replace('T', ' ')} UTC"
        missing = _filled(copies, dataset, left, ledger)
        return Judged(Basis.MOVED, missing) if missing else Judged(Basis.BASE, since)

    return judge


def _filled(copies: LiveCopies, dataset: DatasetDeclaration, left: LeftLive, ledger: Ledger) -> str:
    """Fill the ledger's base; why it cannot be had, with the cure, or empty."""
    try:
        if not left.copy:
            raise NoCopy("the last apply left no copy of live")  # noqa: TRY301 - the same as one that is lost
        ledger.base.fill(copied_entries(copies.read(left.dataset, left.copy)))
    except (NoCopy, ValueError) as error:
        reason = str(error) if isinstance(error, NoCopy) else "the copy of live is damaged"
    else:
        return ""
    pending = [one for text in left.pending if (one := Pending.parse(text))]
    if left.many or len(pending) < len(left.pending):
        missing = "and too many entries were not as the manifest has them"
    else:
        with TemporaryDirectory(prefix="reconciler-") as folder, Ledger() as then:
            missing = _read_then(left, dataset, Path(folder), then)
            if not missing:
                ledger.base.fill(_entries(then), pending)
                return ""
    ledger.base.fill(())
    return f"{reason}, {missing}; {_PLACE}"


def _read_then(left: LeftLive, dataset: DatasetDeclaration, folder: Path, then: Ledger) -> str:
    """Read the manifest as it was applied, from git; why that cannot be had, or empty."""
    manifest, repository = folder / f"manifest{Path(left.file).suffix}", dataset.manifest.absolute().parent
    if not left.manifest:
        several = len(parts_of(dataset)) > 1
        return f"and the manifest {'has several files' if several else 'was not in git when it was applied'}"
    if not write_blob(left.manifest, repository, manifest):
        return f"and git does not have the manifest as it was applied{_shallow(repository)}"
    try:
        findings = read_manifest(replace(dataset, manifest=manifest, files=()), None, then.accept)
    except (BadInput, OSError):
        return "and the manifest as it was applied cannot be read"
    return "and the manifest as it was applied cannot be read" if findings.refused else ""


def _shallow(repository: Path) -> str:
    with suppress(BadInput):
        return SHALLOW if is_shallow(repository) else _HISTORY
    return ""


def manifest_of(left: LeftLive | None, dataset: DatasetDeclaration) -> Callable[[Ledger], bool]:
    """A function that fills a ledger with the manifest as it was applied, from git, and says whether it could."""

    def fill(then: Ledger) -> bool:
        with TemporaryDirectory(prefix="reconciler-") as folder:
            return left is not None and not _read_then(left, dataset, Path(folder), then)

    return fill


def _entries(then: Ledger) -> Iterator[tuple[Entry, bool]]:
    for row in then.desired_rows():
        yield entry_of(parse_live((row.desired or b"").decode("utf-8", "surrogatepass"))), False
