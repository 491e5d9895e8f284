"""Drift: live is no longer what the last apply read back. The command line and the provider judge by this one function.

The command line has what was read back from the newest record, the provider from Pulumi's state. Bare lines do not
count: an unlabelled upload makes no drift, an entry that lost its labels does. What was written before version 0.2.0
has no digest without bare lines: then every line counts, until the next apply. Retired entries never count: they are
bare once an apply is done, so what it read back is the digest with them and without them.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from reconciler.ledger import Facts
from reconciler.policy import Compare
from reconciler.snapshots.probe import Sheet, sheet_of
from reconciler.snapshots.snapshot import COPY_NAME
from reconciler.text import inert


class ReadBack(Struct, frozen=True):
    """Live as the last apply read it back; None where it did not come so far.

    `unfinished` says why that apply did not finish, "" when it did.
    """

    live: Facts | None
    unfinished: str = ""


_Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
_Count = Annotated[int, Meta(ge=0)]


class _Form(Struct):
    """The member `read_back` of a record."""

    compare: Compare
    digest: _Digest
    labels_digest: _Digest
    entries: _Count
    labelled: _Count
    marked: _Count


def read_back(record: Mapping[str, Any], mode: Compare) -> ReadBack | None:
    """What an apply read back, from its record; None where it finished and left no digest of this mode of comparing."""
    unfinished = "" if record.get("outcome") == "done" else str(record.get("message") or record.get("outcome"))
    try:
        form = msgspec.convert((record.get("result") or {}).get("read_back"), _Form)
    except (msgspec.ValidationError, AttributeError):
        form = None
    if form and form.compare is mode:
        live = Facts(form.entries, form.labelled, 0, form.marked, form.digest, form.labels_digest)
        return ReadBack(live, inert(unfinished))
    return ReadBack(None, inert(unfinished)) if unfinished else None


_Blob = Annotated[str, Meta(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})?\Z")]


class LeftLive(Struct, frozen=True, omit_defaults=True):
    """What an apply read back, as state and record keep it.

    `digest` is of live, with kept entries as they were applied, in the mode `compare`; `desired` of the manifest.
    `copy` names the copy of live, `file` the manifest, and `manifest` and `project` its content and that of
    project.yaml as git does; each is empty where there is none. `pending` are the entries that differed; `many`: too
    many to remember. `sheet` is what the copy says of itself (`Sheet`, JSON), for a probe without the copy.
    """

    at: Annotated[str, Meta(pattern=r"^[0-9T:.\-]{10,40}Z\Z")]
    dataset: Annotated[str, Meta(pattern=r"^arn:[!-~]{1,2000}\Z")]
    compare: Compare
    digest: _Digest
    desired: str = ""
    copy: Annotated[str, Meta(pattern=rf"^({COPY_NAME})?\Z")] = ""
    file: Annotated[str, Meta(pattern=r"^[^/\x00]{0,255}\Z")] = ""
    manifest: _Blob = ""
    project: _Blob = ""
    pending: tuple[str, ...] = ()
    many: bool = False
    sheet: Annotated[str, Meta(max_length=2000)] = ""

    @property
    def probe(self) -> Sheet | None:
        """What was read back, and when, for the probe; None where that is not known."""
        return sheet_of(self.sheet.encode("utf-8", "replace"))

    def stored(self) -> dict[str, Any]:
        """As state and record keep it."""
        kept: dict[str, Any] = msgspec.to_builtins(self)
        return kept


def left_live(value: object) -> LeftLive | None:
    """Read it back; None for anything of a different form."""
    with suppress(msgspec.ValidationError):
        return msgspec.convert(value, LeftLive)
    return None


def left_in(record: Mapping[str, Any] | None) -> LeftLive | None:
    """What an apply left, from its record; a record without it has the digest at least."""
    if record is None:
        return None
    result = record.get("result")
    read = result.get("read_back") if isinstance(result, Mapping) else None
    older = {"at": record["at"], "dataset": record.get("dataset_arn"), **read} if isinstance(read, Mapping) else None
    return left_live(record.get("base")) or left_live(older)


def drift(before: ReadBack, now: Facts | None) -> Iterator[str]:
    """Why live has drifted, a sentence for each reason; none if it has not. `now` is None without a dataset."""
    if before.unfinished:
        yield f"the last apply did not finish: {before.unfinished}"
    if now is None:
        yield "the dataset no longer exists in AWS"
    elif before.live and _moved(before.live, now):
        yield f"live is no longer what the last apply read back: {_figures(before.live, now)}"


def _moved(before: Facts, now: Facts) -> bool:
    if before.labels_digest:
        return before.labels_digest not in {now.labels_digest, now.kept_digest}
    return now.digest != before.digest


def _figures(before: Facts, now: Facts) -> str:
    """The counts that changed; entries may change without any count changing."""
    names = {"entries": "entries", "labelled": "labelled", "marked": "marked with errors"}
    counts = [(words, getattr(before, name), getattr(now, name)) for name, words in names.items()]
    moved = [f"{words} {was:,} -> {is_now:,}" for words, was, is_now in counts if was != is_now]
    return ", ".join(moved) or f"as many entries as before ({now.entries:,}), but with other content"
