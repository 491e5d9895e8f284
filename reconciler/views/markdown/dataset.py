"""One dataset in Markdown: what stops it, groups, labels, entries, and where labels come from.

At the end: train and test of a project together.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from reconciler.analysis.results import Balance, Group, LabelBalance, Provenance, Splits
from reconciler.apply.outcome import Failure, Outcome
from reconciler.entries.codes import code_meaning
from reconciler.model import Finding
from reconciler.review.model import Compared, DatasetReview, EntryChange, FindingCounts, ProjectReview
from reconciler.text import Name, counted, joined, sentence
from reconciler.views import words as wording
from reconciler.views.lines import guard_lines, outcome_sentences
from reconciler.views.markdown.budget import Block, Piece, left_out, piece
from reconciler.views.markdown.escape import cells, code, prose, raw_code

_RISK_HEAD: Final = 150
_RISK_FINDING: Final = {"error": 140, "marked": 30, "note": 4}
_RISK_OUTCOME: Final = 130
_RISK_GROUP: Final = 100
_RISK_FIRST: Final = 110
_RISK_LABEL: Final = 60
_RISK_LABEL_SAME: Final = 2
_RISK_ORIGIN: Final = 1
# An entry's own risk is 0 to 9.
_RISK_ENTRY: Final = 10
_RISK_STEP: Final = 5

_ENTRIES: Final = f"{cells(['', 'entry', 'what changes', 'where'])}|---|---|---|---|\n"
_BOXES: Final = 4
# What is pasted must be whole: six guards and their digest.
_OVERRIDE: Final = 2000
_BAR: Final = 12


def unexplained_block(dataset: DatasetReview, entries: Sequence[EntryChange]) -> Block:
    """The entries of a dataset that no group explains: what a reviewer has to look at one by one."""
    folder = wording.folder_of([change.key for change in entries])
    pieces = [piece(_RISK_FIRST + change.risk, _change, change, dataset, folder) for change in entries]
    under = f", under {code(folder)}" if folder else ""
    why = "explained by no group" if dataset.groups else "the riskiest first"
    return Block(pieces, "entries", f"**{code(dataset.title)}: {why}**{under}\n\n{_ENTRIES}", "\n")


def dataset_blocks(dataset: DatasetReview, first: Sequence[EntryChange], compared: Compared) -> Iterator[Block]:
    """Everything else about one dataset, in reading order; `first` are the entries that were shown already."""
    yield Block([piece(_RISK_HEAD, _heading, dataset)], "headings", foot="\n")
    if dataset.outcome:
        yield _outcome(dataset.outcome)
    yield finding_block(dataset.findings)
    pieces = [piece(_RISK_GROUP, _group, group) for group in dataset.groups]
    head = f"**Groups**\n\n{cells(['', 'what changes', 'except', 'because'])}|---|---|---|---|\n"
    yield Block(pieces, "groups", head, "\n", note=left_out("more group", "more groups"))
    if dataset.balance:
        yield from _balance(dataset.balance, compared)
    yield _changes(dataset, first)
    if dataset.provenance and wording.has_moved(dataset.provenance):
        yield _provenance(dataset.provenance)


def failure_words(failure: Failure) -> str:
    """Why something failed, as a paragraph."""
    named = f" ({code(failure.code)} from {code(failure.operation)})" if failure.code else ""
    return f"**Failed**: {prose(failure.message)}{named}\n"


def finding_block(findings: FindingCounts) -> Block:
    """The findings of a file."""
    pieces = [piece(_RISK_FINDING[found.severity], _finding, found) for found in findings.shown]
    beyond, total = findings.total - len(pieces), counted(findings.total, "finding", "findings")
    note = left_out("more finding", "more findings")
    return Block(pieces, "findings", f"**{total}**\n\n", "\n", beyond, note)


def _heading(dataset: DatasetReview) -> str:
    lines = [f"### {code(dataset.title)}\n", f"{code(dataset.manifest)}: {_summary(dataset)}"]
    if wording.boxes_words(dataset):
        lines.append(wording.boxes_words(dataset))
    lines += ["**Refused**: see the dangers above"] if dataset.refusals else []
    lines += [prose(wording.not_listed_words(dataset.not_listed_since))] if dataset.not_listed_since else []
    lines += [prose(remark) for remark in dataset.remarks]
    lines += [prose(guard.words, _OVERRIDE, _OVERRIDE) for guard in guard_lines(dataset)]
    if dataset.error:
        lines.append(failure_words(dataset.error).rstrip("\n"))
    if dataset.skipped:
        lines.append(prose(dataset.skipped))
    if dataset.origins:
        lines.append(prose(sentence("whose change: ", wording.origin_words(dataset.origins))))
    return lines[0] + "\n" + "<br>\n".join(lines[1:]) + "\n"


def _outcome(outcome: Outcome) -> Block:
    """What an apply did, and what went wrong."""
    lines = (wording.outcome_words(outcome), *outcome_sentences(outcome))
    pieces = [piece(_RISK_OUTCOME, lambda line: f"- {prose(line)}\n", line) for line in lines]
    note = left_out("more line on the apply", "more lines on the apply", "- and ")
    return Block(pieces, "lines on the apply", "**Applied**\n\n", "\n", note=note)


def _summary(dataset: DatasetReview) -> str:
    words = prose(dataset.words) or wording.dataset_words(dataset)
    return f"**{words}**" if dataset.action == "replace" else words


def _finding(found: Finding) -> str:
    place = code(wording.place_words(found.place))
    return f"- **{found.severity}** {place} {code(found.code)} {prose(found.message)}; {prose(found.cure)}\n"


def _group(group: Group) -> str:
    """One row: what changes, what does not fit it, and on what it rests."""
    such = f"<br><sub>such as {', '.join(map(code, group.examples))}</sub>" if group.examples else ""
    but = counted(group.exception_count, "entry", "entries")
    exceptions = f"**{but}**: {prose(joined(group.exceptions))}" if group.exception_count else ""
    kind = f"**{wording.GROUP_KINDS[group.kind]}**"
    return cells([kind, f"{prose(group.words)}{such}", exceptions, prose(joined(group.evidence))])


def _balance(balance: Balance, compared: Compared) -> Iterator[Block]:
    most = max((row.images_after for row in balance.rows), default=0)
    changed, same = list[Piece](), list[Piece]()
    for row in balance.rows:
        differs = (row.images_before, row.boxes_before) != (row.images_after, row.boxes_after)
        risk = _RISK_LABEL if differs else _RISK_LABEL_SAME
        (changed if differs else same).append(piece(risk, _label, row, balance, most))
    own = wording.manifest_differs(balance)
    names = ["label", "images", *(["manifest"] if own else []), "share", "", "boxes", ""]
    head = cells(names) + f"|---|--:|{'--:|' if own else ''}--:|---|--:|---|\n"
    told = prose(wording.balance_words(compared, balance))
    note = left_out("more label", "more labels")
    yield Block(changed, "labels that change", f"**Labels** ({told})\n\n{head}", "\n", note=note)
    summary = f"<summary>{counted(len(same), 'label does', 'labels do')} not change</summary>"
    fold = f"<details>{summary}\n\n{head}"
    yield Block(same, "labels that do not change", fold, "\n</details>\n\n", note=note)


def _label(row: LabelBalance, balance: Balance, most: int) -> str:
    own = [f"{row.images_manifest:,}"] if wording.manifest_differs(balance) else []
    remarks = (word if word == "fewest images" else f"**{word}**" for word in wording.label_remarks(row, balance))
    boxes = wording.step(f"{row.boxes_before:,}", f"{row.boxes_after:,}")
    return cells(
        [
            code(row.label),
            wording.step(f"{row.images_before:,}", f"{row.images_after:,}"),
            *own,
            wording.step(wording.percent(row.share_before), wording.percent(row.share_after)),
            "\N{FULL BLOCK}" * round(_BAR * row.images_after / most) if most else "",
            boxes if row.boxes_before or row.boxes_after else "",
            ", ".join(remarks),
        ]
    )


def _changes(dataset: DatasetReview, first: Sequence[EntryChange]) -> Block:
    """The entries that were not shown at the beginning, folded."""
    seen = {change.number for change in first}
    rest = [(at, one.risk, one.key) for at, one in enumerate(dataset.changes) if one.number not in seen]
    folder = wording.folder_of([key for _at, _risk, key in rest])
    pieces = [piece(_RISK_ENTRY + _RISK_STEP * risk, _change_at, at, dataset, folder) for at, risk, _key in rest]
    total = dataset.changes_total - len(first)
    under = f" under {raw_code(folder)}" if folder else ""
    order = ", the riskiest first" if total > 1 else ""
    other = "more " if first else ""
    summary = f"<summary>{counted(total, f'{other}entry', f'{other}entries')}{under}{order}</summary>"
    note = left_out("more entry", "more entries")
    fold = f"<details>{summary}\n\n{_ENTRIES}"
    return Block(pieces, "entries", fold, "\n</details>\n\n", total - len(pieces), note)


def _change_at(number: int, dataset: DatasetReview, folder: str) -> str:
    """A change by its number in the list: of many, few are shown, and only those are read again."""
    return _change(dataset.changes[number], dataset, folder)


def _change(change: EntryChange, dataset: DatasetReview, folder: str) -> str:
    marks = (f"**marked** {code(mark.code)}: {code_meaning(mark.code)}" for mark in change.marks)
    lines = [prose(change.words), *_box_lines(change, dataset.groups), *marks]
    if change.origin not in wording.EXPECTED:
        lines[0] += f" **{wording.ORIGINS[change.origin]}**"
    return cells(
        [f"`{change.sign}`", code(change.key.removeprefix(folder)), "<br>".join(lines), _where(change, dataset)]
    )


def _box_lines(change: EntryChange, groups: Sequence[Group]) -> Iterator[str]:
    """What happens to each box, unless groups explain it."""
    if change.verb != "update" or wording.is_explained(change, groups):
        return
    boxes = [box for box in change.boxes if box.what != ("same",)]
    for box in boxes[:_BOXES]:
        yield f"<sub>{prose(wording.box_words(box))}</sub>"
    if len(boxes) > _BOXES:
        yield f"<sub>and {counted(len(boxes) - _BOXES, 'more box', 'more boxes')}</sub>"


def _where(change: EntryChange, dataset: DatasetReview) -> str:
    if change.place is None:
        return ""
    if change.place.file == dataset.manifest:
        return f"line {change.place.line:,}"
    return code(wording.place_words(change.place))


def _provenance(provenance: Provenance) -> Block:
    pieces = [piece(_RISK_ORIGIN, _provenance_text, provenance)]
    fold = "<details><summary>Where labels come from</summary>\n\n"
    return Block(pieces, "remarks on where labels come from", fold, "\n</details>\n\n")


def _provenance_text(provenance: Provenance) -> str:
    before, after = provenance.before, provenance.after
    rows = [
        ("entries labelled by people", before.human, after.human),
        ("by machines", before.machine, after.machine),
        ("not stated", before.unsaid, after.unsaid),
        *((f"job {code(job.value)}", job.before, job.after) for job in provenance.jobs),
    ]
    text = cells(["", "before", "after"]) + "|---|--:|--:|\n"
    text += "".join(cells([what, f"{old:,}", f"{new:,}"]) for what, old, new in rows if old or new)
    ranges = wording.confidence_words(before), wording.confidence_words(after)
    text += cells(["confidence", *ranges]) if any(ranges) else ""
    lines = [f"- {code(field.field)} {wording.ignored_words(field)}\n" for field in provenance.ignored]
    return f"{text}\n{''.join(lines)}"


_RISK_BAD: Final = 110
_RISK_WORTH: Final = 50
_RISK_VERDICT: Final = 145
_RISK_HINT: Final = 3
_LISTED: Final = 10


def project_blocks(project: ProjectReview) -> Iterator[Block]:
    """Train and test compared; nothing if there is nothing to know. Then whether a training would start."""
    yield Block(
        list(_splits(project.splits)),
        "remarks on train and test together",
        f"### {code(project.name)}: train and test together\n\n",
        "\n",
        note=lambda left: f"- and {left:,} more\n",
    )
    if project.verdict:
        yield Block([piece(_RISK_VERDICT, prose, (Name(project.name), " ", *project.verdict))], foot="\n\n")


def _splits(splits: Splits | None) -> Iterator[Piece]:
    if splits is None:
        return
    if splits.overlap is not None:
        low = splits.overlap < splits.overlap_needed
        yield piece(_RISK_BAD if low else _RISK_HINT, _overlap, splits.overlap, splits.overlap_needed)
    if splits.shared_count:
        yield piece(_RISK_BAD, _listed, "Same image in both", splits.shared_count, map(code, splits.shared))
    if splits.moved_count:
        moved = (f"{code(one.key)} ({wording.transfer_words(one)})" for one in splits.moved)
        yield piece(_RISK_BAD, _listed, "Moves to the other set", splits.moved_count, moved)
    if splits.same_name_count:
        pairs = (f"{code(pair.train)} and {code(pair.test)}" for pair in splits.same_name)
        yield piece(
            _RISK_HINT, _listed, "Same file name in both, perhaps the same image", splits.same_name_count, pairs
        )
    for word, labels in (("train", splits.train_only), ("test", splits.test_only)):
        if labels:
            yield piece(_RISK_WORTH, _listed, f"Labels in {word} only", len(labels), map(code, labels))


def _overlap(overlap: float, needed: float) -> str:
    words = f"the test set has {wording.percent(overlap)} of the training labels"
    if overlap < needed:
        return f"- **Too few labels in common**: {words}, {wording.percent(needed)} are needed to train\n"
    return f"- Labels in common: {words}\n"


def _listed(what: str, count: int, texts: Iterable[str]) -> str:
    kept = list(texts)[:_LISTED]
    rest = f" and {count - len(kept):,} more" if count > len(kept) else ""
    return f"- **{what}** ({count:,}): {', '.join(kept)}{rest}\n"
