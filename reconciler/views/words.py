"""Words that all views share: names made inert, findings, progress, boxes, kinds, figures and sizes.

Everything from manifests and the service passes through `inert`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, get_args

from reconciler.analysis.results import (
    Balance,
    BoxChange,
    Group,
    GroupKind,
    IgnoredField,
    LabelBalance,
    Provenance,
    ProvenanceSide,
    Transfer,
)
from reconciler.apply.outcome import Outcome
from reconciler.model import Finding, Place, Progress
from reconciler.review.headline import unusable_words
from reconciler.review.model import Compared, DatasetReview, EntryChange, Estimate, OriginCounts
from reconciler.text import Command, Name, Sentence, counted, figures, inert, joined, quoted, sentence

_KILO: Final = 1000


def finding_lines(finding: Finding) -> tuple[str, str]:
    """A finding in two lines: `file:line:column CODE class: what is wrong`, and the cure."""
    place, message = place_words(finding.place), said(finding.message, 600)
    return f"{place} {said(finding.code)} {finding.severity.value}: {message}", said(finding.cure, 600)


def outcome_words(outcome: Outcome) -> str:
    """What an apply did to one dataset, in figures."""
    words = figures(((outcome.add, "added"), (outcome.update, "updated"), (outcome.unlabel, "unlabelled")))
    if not words:
        if outcome.error or not outcome.batches:
            return "nothing was applied" if outcome.error else "nothing was sent"
        return f"{counted(outcome.batches, 'batch was', 'batches were')} sent, with no line known to be live"
    how = f" in {counted(outcome.batches, 'batch', 'batches')}" if outcome.batches else ""
    words += f"{how} from {inert(outcome.manifest)}" if outcome.manifest else how
    return f"{words}, {unusable_words(outcome.unusable)}" if outcome.unusable else words


def snapshot_sentence(where: str) -> Sentence:
    """Where the entries of a dataset were kept before it is deleted, and how to restore them."""
    return sentence("the dataset's entries are kept in ", Name(where), "; `reconciler restore` brings them back")


def overwritten_sentence(outcome: Outcome) -> Sentence:
    """Where the lines that an apply overwrote are, and how to restore them."""
    places = [Name(where) for where in outcome.overwritten]
    pieces = [piece for place in places for piece in (" and ", place)][1:]
    command = f"`reconciler restore {outcome.record}`"
    return sentence("the overwritten lines are kept in ", tuple(pieces), f"; {command} brings them back")


def not_listed_words(since: str) -> str:
    """That live was not listed, and since when nothing moved; `since` is a time in UTC as in ISO 8601."""
    return inert(f"live not listed: unchanged since {since[:16].replace('T', ' ')} UTC")


def progress_line(progress: Progress) -> str:
    """`batch 3 of 12, 41 %, about 2 min left`, or what is being done."""
    if not progress.batches:
        done = f": {progress.done:,} {progress.unit}" if progress.done else ""
        return f"{inert(progress.doing)}{done}"
    left, seconds = "", progress.seconds_left
    if seconds is not None:
        left = f", about {max(1, round(seconds))} s left" if seconds < 90 else f", about {round(seconds / 60)} min left"
    return f"batch {progress.batch} of {progress.batches}, {progress.fraction:.0%}{left}".replace("%", " %")


def size(number: int) -> str:
    """Bytes in words: `812 B`, `36.7 kB`, `4.9 MB`."""
    if number < _KILO:
        return f"{number} B"
    if number < _KILO**2:
        return f"{number / _KILO:.1f} kB"
    return f"{number / _KILO**2:.1f} MB"


# The kinds of changes that a reviewer can filter by, and their names. An entry can be of several kinds.
KINDS: Final = {
    "add": "image added",
    "unlabel": "labels removed",
    "live-only": "live only",
    "label-added": "label added",
    "label-removed": "label removed",
    "box-added": "box added",
    "box-removed": "box removed",
    "moved": "box moved",
    "resized": "box resized",
    "relabelled": "box relabelled",
    "image-size": "image size",
    "fields": "other fields",
    "marked": "marked by the service",
}

ORIGINS: Final = {
    "": "",
    "branch": "this branch",
    "ours": "ours",
    "base": "pending on the base",
    "drift": "live drift",
    "base-or-drift": "base or drift",
    "theirs": "theirs",
    "both": "both",
    "ours-or-theirs": "ours or theirs",
}
# The origins of which a change has no mark: it is what somebody who reviews it expects.
EXPECTED: Final = frozenset({"", "branch", "ours"})

GROUP_KINDS: Final[dict[str, str]] = {kind: kind.replace("-", " ") for kind in get_args(GroupKind)} | {
    "re-pointed": "re-pointed",
    "annotation-pass": "new annotation pass",
}

# The `KINDS` of changes that a group of each kind explains.
_TOLD: Final[Mapping[str, AbstractSet[str]]] = {
    **dict.fromkeys(
        ("renamed", "merged", "split", "relabelled"), frozenset({"relabelled", "label-added", "label-removed"})
    ),
    "label-added": {"label-added", "box-added"},
    "label-removed": {"label-removed", "box-removed"},
    **dict.fromkeys(("mirrored", "shifted"), frozenset({"moved", "resized"})),
    "scaled": {"moved", "resized", "image-size"},
    "image-size": {"image-size"},
    "re-pointed": {"add", "live-only", "unlabel"},
    "annotation-pass": {"fields"},
}

# Spaces that look like the common one or like nothing, fillers, variation selectors: two names that differ in these
# look the same. Source: Unicode, White_Space and Default_Ignorable_Code_Point, less what `inert` covers already.
_UNSEEN: Final = (
    "[\xa0\u034f\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\ufe00-\ufe0f\uffa0"
    "\U0001d173-\U0001d17a\U000e0080-\U000e0fff]"
)
# Two marks on a letter are writing, a pile of them covers the lines above and below. Source: Unicode, blocks of
# combining diacritical marks.
_MARKS: Final = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILE: Final = f"(?<={_MARKS}{{2}}){_MARKS}"
_WHOLE: Final = 10_000
# With fewer labels than this the one with the fewest images says nothing.
_FEWEST_OF: Final = 3
# From this number of minutes on, times are in minutes.
_MINUTES: Final = 2


def shown(name: str, limit: int = _WHOLE) -> str:
    """A key, label or other name, inert and unambiguous; in quotes if its blanks would not be seen."""
    return quoted(_inert(name, limit))


def said(words: str | Sentence, limit: int = _WHOLE) -> str:
    """Words made inert, their names as `shown` gives them: nothing in them acts, nothing is invisible."""
    return _inert(words, limit) if isinstance(words, str) else "".join(text for text, _ in pieces(words, limit))


def pieces(words: Sentence, limit: int = _WHOLE, name_limit: int = _WHOLE) -> Iterator[tuple[str, bool]]:
    """The pieces of a sentence, inert, and whether each is a name; the end is cut off after `limit` characters."""
    left = limit
    for piece in words:
        if left <= 0:
            yield "...", False
            return
        is_name = isinstance(piece, Name)
        if isinstance(piece, Command):
            text = _inert(piece.text, min(left, name_limit))
        else:
            text = shown(piece.text, min(left, name_limit)) if isinstance(piece, Name) else _inert(piece, left)
        left -= len(text)
        yield text, is_name


def _inert(text: str, limit: int) -> str:
    quiet = inert(text, limit)
    return quiet if quiet.isascii() else re.sub(_PILE, _escape, re.sub(_UNSEEN, _escape, quiet))


def folder_of(keys: Sequence[str]) -> str:
    """The common beginning of all keys, up to a slash; empty for a single key."""
    if len(keys) < 2:
        return ""
    first, last = min(keys), max(keys)
    same = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[: first.rfind("/", 0, same) + 1]


def figure(number: float) -> str:
    """A coordinate or size, at most three decimals: `12`, `12.5`."""
    return f"{number:.3f}".rstrip("0").rstrip(".") if number % 1 else f"{number:.0f}"


def percent(share: float) -> str:
    """A share of 1 as `12 %`; small ones with a decimal, so that few are not none."""
    hundredths = share * 100
    return f"{hundredths:.1f} %" if 0 < hundredths < 1 or 99 < hundredths < 100 else f"{hundredths:.0f} %"


def label_remarks(row: LabelBalance, balance: Balance) -> tuple[str, ...]:
    """What is special about a label: new, gone, or the one with the fewest images of at least three."""
    known = {"new": balance.appeared, "gone": balance.gone}
    fewest = ("fewest images",) if row.label == balance.smallest and balance.after.labels >= _FEWEST_OF else ()
    return (*(word for word, labels in known.items() if row.label in labels), *fewest)


def manifest_differs(balance: Balance) -> bool:
    """Whether live-only entries keep labels after an apply, so that its figures are not those of the manifest."""
    return any(row.images_manifest != row.images_after for row in balance.rows)


def balance_words(compared: Compared, balance: Balance) -> Sentence:
    """What the figures of a table of labels are, before and after."""
    before, after = (Name(compared.before), Name(compared.after)) if compared.offline else ("live", "the manifest")
    words = sentence("each figure: ", before, " -> live after an apply of ", after)
    return sentence(words, "; manifest: ", after, " alone") if manifest_differs(balance) else words


def step(before: str, after: str) -> str:
    """A figure before and after; one where it stays the same."""
    return f"{before} \N{RIGHTWARDS ARROW} {after}" if before != after else after


def place_words(place: Place | None) -> str:
    """`train.jsonl:12:4`; empty when there is none."""
    if place is None:
        return ""
    numbers = [str(number) for number in (place.line, place.column) if number]
    return ":".join((said(place.file, 300), *numbers))


def box_words(change: BoxChange) -> Sentence:
    """One box in words: its label, what happens to it, by how much."""
    before, after = change.before, change.after
    if before is None or after is None:
        box = before or after
        if box is None:
            return ()
        place = f"{figure(box.width)}x{figure(box.height)} at {figure(box.left)}, {figure(box.top)}"
        return sentence(Name(box.label), f" {place} {change.what[0]}")
    label = sentence(Name(before.label), *((" -> ", Name(after.label)) if before.label != after.label else ()))
    parts: list[str | Sentence] = [label, *_geometry(change)]
    if change.iou is not None and change.what != ("same",):
        parts.append(f"overlap {percent(change.iou)}")
    return joined(parts, ", ")


def kinds_of(change: EntryChange) -> tuple[str, ...]:
    """The `KINDS` of one change, in their order."""
    found: set[str] = {change.verb} if change.verb != "update" else set(_update_kinds(change))
    if change.marks:
        found.add("marked")
    return tuple(kind for kind in KINDS if kind in found)


def dataset_words(dataset: DatasetReview) -> str:
    """The figures of a dataset: `3 to add, 12 to update, 1 live only, 90 unchanged`."""
    return ", ".join(filter(None, (changes_words(dataset), figures([(dataset.unchanged, "unchanged")]))))


def changes_words(dataset: DatasetReview, left: str = "live only") -> str:
    """The figures of what changes: `3 to add, 12 to update, 1 live only`; `left` is the word for the last."""
    words = (
        (dataset.add, "to add"),
        (dataset.update, "to update"),
        (dataset.unlabel, "to unlabel"),
        (dataset.live_only, left),
    )
    return figures(words)


def boxes_words(dataset: DatasetReview) -> str:
    """What happens to boxes in updates: `boxes: 12 moved, 3 added`; empty if none changes."""
    parts = [f"{many:,} {word}" for word, many in dataset.box_changes.items() if many and word != "same"]
    return f"boxes: {', '.join(parts)}" if parts else ""


def estimate_words(estimate: Estimate) -> str:
    """`at least 12 calls, 3 batches, 4.1 MB, 2 min at 4 calls per second`, and what makes it more."""
    calls = sum(estimate.calls.values())
    rate = estimate.calls_per_second
    time = f"{_least(estimate.minutes)} at {rate:g} {'call' if rate == 1 else 'calls'} per second"
    least = f"at least {counted(calls, 'call', 'calls')}, {_sent(estimate)}, {time}"
    if estimate.manifests:
        in_batches = counted(estimate.calls_in_batches, "call", "calls")
        least += f" (in batches: {in_batches}, {_least(estimate.minutes_in_batches)})"
    return f"{least}; more for slow or failed batches and retries"


def _least(minutes: float) -> str:
    return "under a minute" if minutes < 1 else f"{minutes:,.0f} min"


def _sent(cost: Estimate) -> str:
    """`3 batches, 4.1 MB`, `1 manifest in S3, 310 MB`."""
    parts = [counted(cost.manifests, "manifest in S3", "manifests in S3")] if cost.manifests else []
    parts += [counted(cost.batches, "batch", "batches")] if cost.batches or not parts else []
    return ", ".join((*parts, size(cost.bytes)))


def took_words(took: Estimate) -> str:
    """`14 calls, 3 batches, 4.1 MB, 48 s`."""
    calls = counted(sum(took.calls.values()), "call", "calls")
    time = f"{took.minutes:,.1f} min" if took.minutes >= _MINUTES else f"{took.minutes * 60:.0f} s"
    return f"{calls}, {_sent(took)}, {time}"


def origin_words(origins: OriginCounts) -> Sentence:
    """Whose changes they are, in figures."""
    parts = (
        (origins.ours, "ours"),
        (origins.branch, "of this branch"),
        (origins.base, "pending on the base already"),
        (origins.drift, "drift of live"),
        (origins.base_or_drift, "pending on the base, or drift"),
        (origins.theirs, "theirs"),
        (origins.both, "both"),
        (origins.unknown, "ours or theirs"),
    )
    against = ("against ", Name(origins.revision)) if origins.revision else ()
    return sentence(
        against or origins.by, f" ({origins.by})" if against and origins.by else "", f": {figures(parts) or 'none'}"
    )


def transfer_words(transfer: Transfer) -> str:
    """From which dataset an image moves to which."""
    still = f", still used in {transfer.source}" if transfer.danger else ""
    return f"{transfer.source} to {transfer.target}{still}"


def ignored_words(field: IgnoredField) -> str:
    """The words after the name of an ignored field: `differs in 3 entries, and is ignored`."""
    return f"differs in {counted(field.entries, 'entry', 'entries')}, and is ignored"


def confidence_words(side: ProvenanceSide) -> str:
    """The range of confidence of one side: `0.5 to 1`, or `1`; empty if no line states one."""
    lowest, highest = side.confidence_lowest, side.confidence_highest
    if lowest is None or highest is None:
        return ""
    return f"{lowest:g}" if lowest == highest else f"{lowest:g} to {highest:g}"


def change_names(change: EntryChange) -> tuple[str, ...]:
    """The labels that a change is about, those of boxes included; for a live-only entry all its labels."""
    stays = change.verb == "live-only"
    told = (one for one in change.boxes if stays or one.what != ("same",))
    boxes = (box.label for one in told for box in (one.before, one.after) if box)
    kept = change.labels_kept if stays else ()
    return tuple(dict.fromkeys((*change.labels_added, *change.labels_removed, *kept, *boxes)))


def is_explained(change: EntryChange, groups: Sequence[Group]) -> bool:
    """Whether the groups that a change belongs to explain every kind of change in it."""
    told = {kind for group in groups if group.id in change.groups for kind in _TOLD[group.kind]}
    return bool(told) and told.issuperset(kinds_of(change))


def has_moved(provenance: Provenance) -> bool:
    """Whether labels come from elsewhere than before, or fields differ that are ignored."""
    jobs = any(job.before != job.after for job in provenance.jobs)
    return jobs or bool(provenance.ignored) or provenance.before != provenance.after


def is_quiet(dataset: DatasetReview) -> bool:
    """Whether a dataset is up to date, or valid, and there is nothing else to know."""
    found = dataset.findings.errors + dataset.findings.marked
    busy = dataset.changes_total or dataset.has_changes or dataset.error or dataset.refusals or found
    return not busy and dataset.status in {"planned", "applied", "valid"} and not dataset.marked


def _update_kinds(change: EntryChange) -> Iterable[str]:
    for word in (word for box in change.boxes for word in box.what if word != "same"):
        yield f"box-{word}" if word in {"added", "removed"} else word
    if change.labels_added:
        yield "label-added"
    if change.labels_removed:
        yield "label-removed"
    if change.sizes_before and change.sizes_after and change.sizes_before != change.sizes_after:
        yield "image-size"
    if change.fields:
        yield "fields"


def _geometry(change: BoxChange) -> Iterable[str]:
    if change.by is None:
        return
    left, top, width, height = change.by
    if width or height:
        yield f"resized by {_signed(width)} x {_signed(height)} px"
    if left or top:
        yield f"moved by {_signed(left)}, {_signed(top)} px"


def _signed(number: float) -> str:
    return f"{'-' if number < 0 else '+'}{figure(abs(number))}"


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"
