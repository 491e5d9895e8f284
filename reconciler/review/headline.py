"""Plans, runs and manifests in one line of words."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import structs

from reconciler.analysis.results import MachineLabels
from reconciler.changes import Action
from reconciler.images.results import ImageCheck
from reconciler.review.model import Content, DatasetReview, Totals
from reconciler.run import DatasetRun
from reconciler.text import Command, Sentence, counted, figures, listed, sentence

if TYPE_CHECKING:
    from reconciler.plan import Plan

# The word for entries that only the first of two manifests has.
_GONE: Final = "no longer in the manifest"
LEFT: Final = "live only"


def headline(plan: "Plan", left: str = LEFT, same: str = "up to date") -> str:
    """What an apply would do to one dataset, in figures; `left` is the word for entries that only live has.

    `same` begins the sentence of a plan without changes.
    """
    return "; ".join(_parts(plan, left, same))


def remarks(
    plan: "Plan", fields: Sequence[str] = (), kept: Sequence[str] = (), *, verified: int = 0
) -> tuple[Sentence, ...]:
    """What else to know before an apply; `fields` are those that differ and are ignored, but for `verified` entries.

    `kept` are entries that stay as somebody edited them: they are drift, and nothing is sent for them.
    """
    found: list[Sentence] = []
    if ignored := plan.ignored - verified:
        which = sentence(": ", listed(fields)) if fields else ""
        found.append(sentence(f"{counted(ignored, 'entry differs', 'entries differ')} in ignored fields only", which))
    if plan.let_go:
        lines = counted(plan.let_go, "line that AWS rejected is", "lines that AWS rejected are")
        found.append((f"{lines} not sent again until the manifest changes (`rejected: skip`)",))
    if kept:
        many = counted(len(kept), "entry that only live changed is", "entries that only live changed are")
        pull = Command("`reconciler pull`")
        found.append(sentence(f"{many} kept (`theirs: keep`): ", listed(kept), "; ", pull, " takes them into git"))
    if plan.retired:
        images = counted(plan.retired, "image is", "images are")
        loses = counted(plan.retiring, "loses its labels", "lose their labels")
        found.append((f"{images} live and retired in project.yaml{f'; {loses}' if plan.retiring else ''}",))
    if plan.by_label:
        found.append(("sent ordered by label, to stay within 250 labels on the way",))
    return tuple(found)


def content_words(content: Content, findings: int) -> str:
    """What a manifest holds, in figures."""
    parts = [counted(content.entries, "entry", "entries"), counted(len(content.labels), "label", "labels")]
    parts += [counted(content.boxes, "box", "boxes")] if content.boxes else []
    return ", ".join(parts if findings else [*parts, "no findings"])


def image_words(check: ImageCheck) -> str:
    """What a check of the images found, in figures."""
    known = f" ({check.known:,} known from an earlier check)" if check.known else ""
    wrong = f"{check.wrong:,} cannot be used" if check.wrong else "each can be used" if not check.undecided else ""
    return ", ".join(filter(None, (f"{counted(check.images, 'image', 'images')} checked{known}", wrong)))


def machine_words(machine: MachineLabels) -> Sentence:
    """How many entries a machine labelled, and their lowest confidence; nothing where there are none on either side."""
    if not (machine.before or machine.after):
        return ()
    now = f"labelled by machine: {_by_machine(machine.after, machine.lowest_after)}"
    before = (machine.before, machine.lowest_before)
    changed = machine.before and before != (machine.after, machine.lowest_after)
    return (f"{now}; before: {_by_machine(*before)}" if changed else now,)


def _by_machine(entries: int, lowest: float | None) -> str:
    least = f", lowest confidence {lowest:g}" if lowest is not None else ""
    return f"{counted(entries, 'entry', 'entries')}{least}"


def totals_of(datasets: Sequence[DatasetReview], declaration_errors: int) -> Totals:
    """Figures over all datasets."""
    done = [one.outcome for one in datasets if one.outcome]
    return Totals(
        datasets=len(datasets),
        with_changes=sum(one.has_changes for one in datasets),
        add=sum(one.add for one in datasets),
        update=sum(one.update for one in datasets),
        unlabel=sum(one.unlabel for one in datasets),
        live_only=sum(one.live_only for one in datasets),
        errors=declaration_errors + sum(one.findings.errors for one in datasets),
        refusals=sum(len(one.refusals) for one in datasets),
        failed=sum(one.error is not None for one in datasets),
        skipped=sum(one.skipped is not None for one in datasets),
        sent=sum(one.sent for one in done),
        rejected=sum(one.rejected_total for one in done),
    )


def run_headline(totals: Totals, datasets: Sequence[DatasetReview], left: str = LEFT) -> str:
    """What an apply would do to all datasets, in figures; or what their manifests hold, if none was planned.

    `left` as for `headline`.
    """
    if datasets and all(one.status in {"valid", "invalid"} and one.estimate is None for one in datasets):
        return _validated(datasets)
    refused = sum(bool(one.refusals) for one in datasets)
    ended = ((totals.failed, "failed"), (totals.skipped, "skipped"))
    states = ((totals.with_changes, "with changes"), (refused if left == LEFT else 0, "refused"), *ended)
    sent = ((totals.add, "to add"), (totals.update, "to update"), (totals.unlabel, "to unlabel"))
    settings = sum(len(one.settings) for one in datasets) if left != LEFT else 0
    doing = (*sent, (totals.live_only, left), (settings, "setting changed" if settings == 1 else "settings changed"))
    head = f"{counted(totals.datasets, 'dataset', 'datasets')}, {figures(states) or 'no changes'}"
    return f"{head}: {figures(doing)}" if figures(doing) else head


def applied_headline(totals: Totals, datasets: Sequence[DatasetReview]) -> str:
    """What an apply did to all datasets, in figures."""
    done = [one.outcome for one in datasets if one.outcome]
    did = (
        (sum(one.add for one in done), "added"),
        (sum(one.update for one in done), "updated"),
        (sum(one.unlabel for one in done), "unlabelled"),
        (totals.rejected, "rejected"),
        (totals.failed, "failed"),
        (totals.skipped, "skipped"),
    )
    words = f"{counted(totals.datasets, 'dataset', 'datasets')}: {figures(did) or 'nothing to do'}"
    unusable = sum(one.unusable for one in done)
    return f"{words}, {unusable_words(unusable)}" if unusable else words


def unusable_words(lines: int) -> str:
    """`of which 5 are unusable for training`."""
    return f"of which {lines:,} {'is' if lines == 1 else 'are'} unusable for training"


def _validated(datasets: Sequence[DatasetReview]) -> str:
    contents = [one.content for one in datasets if one.content]
    entries, unusable = sum(one.entries for one in contents), sum(one.unusable for one in contents)
    errors = sum(one.findings.errors for one in datasets)
    valid = sum(one.status == "valid" for one in datasets)
    some, good = counted(len(datasets), "manifest", "manifests"), "without errors" if unusable else "valid"
    parts = [f"{some} {good}" if valid == len(datasets) else f"{valid:,} of {some} {good}"]
    parts += [counted(entries, "entry", "entries")] if entries else []
    parts += [unusable_words(unusable)] if unusable else []
    return ", ".join([*parts, *([counted(errors, "error", "errors")] if errors else [])])


def _parts(plan: "Plan", left: str, same: str) -> Iterator[str]:
    if plan.action is Action.CREATE:
        yield "the dataset will be created"
    elif plan.action is Action.REPLACE:
        lost = counted(plan.live.entries if plan.live else 0, "live entry is deleted", "live entries are deleted")
        only = f"{plan.live_only:,} of them not in the manifest"
        yield f"the dataset will be DELETED and created again (new ARN): {lost}, {only}"
    elif plan.action is Action.NOTHING and (left == LEFT or not plan.live_only):
        yield f"{same}: {counted(plan.desired.entries, 'entry', 'entries')}"
    if plan.lines:
        yield figures(((plan.add, "to add"), (plan.update, "to update"), (plan.unlabel, "to unlabel")))
    if plan.live_only and plan.action is not Action.REPLACE and not plan.policy.extra.unlabels:
        yield f"{plan.live_only:,} {left}"
    if plan.unchanged and (plan.lines or (left != LEFT and plan.live_only)):
        yield f"{plan.unchanged:,} unchanged"


def with_machine(dataset: DatasetReview, machine: MachineLabels) -> DatasetReview:
    """A review with the entries that a machine labelled, and what is said about them."""
    words = machine_words(machine)
    return structs.replace(dataset, machine=machine, remarks=(*dataset.remarks, *([words] if words else [])))


def left_in(one: DatasetRun) -> str:
    """The word for entries that only live has."""
    return _GONE if one.plan and one.plan.offline else LEFT
