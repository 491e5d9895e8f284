"""`reconciler pull`: live into the manifests.

A dataset without a manifest gets one, which appears whole or not at all. In a manifest that is there only the chosen
entries change, by position, and what was written is read again before it takes the place of the file.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.apply import known_live
from reconciler.cli.options import STANDARD_OUTPUT
from reconciler.cli.screen import Screen
from reconciler.cli.session.base import load_base
from reconciler.cli.session.choices import Choice, Chosen, Part, Side, ask_each, choice_lines, chosen_of, refuse_unknown
from reconciler.cli.session.declared import item_for, labelled, retired
from reconciler.cli.session.edited import edit_manifest, read_again, repository_key, repository_line
from reconciler.cli.session.files import NewFiles
from reconciler.cli.session.live import LiveSide
from reconciler.cli.session.read import Run, add_datasets, chosen_projects, most_severe
from reconciler.cli.signals import Signals
from reconciler.errors import BadInput, Exit, NotFound
from reconciler.ledger import STAYING, Ledger, Whose
from reconciler.manifest import Findings, read_manifest
from reconciler.manifest.forms import is_yaml
from reconciler.manifest.parts import parts_of
from reconciler.manifest.schema import MANIFEST_SCHEMA, SCHEMAS, first_line
from reconciler.manifest.write import json_line_of, short_line_of, yaml_manifest
from reconciler.model import DatasetType, ProjectDeclaration, Retirement
from reconciler.policy import Compare
from reconciler.run import DatasetRun
from reconciler.text import counted, inert, listed, path_for_shell, safe, sentence
from reconciler.views.words import not_listed_words

# So many entries are listed where nothing says which to take.
_LISTED: Final = 20
# From so many entries on a new manifest in JSON Lines has the short form.
SHORT: Final = 10_000


def pull(run: Run, screen: Screen, signals: Signals) -> Exit:
    """Write what is live of every dataset of the chosen projects into its manifest; a proven copy of it is not listed.

    Raises:
        BadInput: the declarations, manifests or arguments are wrong, or nothing says which side's entries to take.
        NotFound: a project does not exist. ServiceError: a call failed.
    """
    for project in chosen_projects(run.options.datasets, run.options.projects, f".{run.options.manifests}"):
        add_datasets(run, project)
    load_base(run, screen)
    return pull_all(run, screen, LiveSide(run, screen, signals))


def pull_all(run: Run, screen: Screen, live: LiveSide) -> Exit:
    """Write the manifests of a run, all of them or none, and say what was written; raises as `pull` does."""
    with NewFiles(run, screen) as files:
        pulls = _Pull(run, screen, live, files)
        for _name, datasets in groupby(run.datasets, key=lambda one: one.project.shown):
            pulls.project(list(datasets))
        files.done()
    for line in pulls.lines:
        screen.line(line)
    for line in pulls.warnings:
        screen.remark(line, "warning")
    if run.options.patch:
        file = run.options.patch if run.options.patch != STANDARD_OUTPUT else ""
        then = (
            f"`git apply {path_for_shell(file, 'FILE')}` changes them" if file else "`--patch FILE` writes it to a file"
        )
        screen.remark(f"the files are as they were; {then}")
    return most_severe(pulls.codes)


class _Pull(Struct):
    """One run: what it says when the files are in place, and what its exit code follows from."""

    run: Run
    screen: Screen
    live: LiveSide
    files: NewFiles
    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    codes: list[Exit] = field(default_factory=list)

    def project(self, datasets: Sequence[DatasetRun]) -> None:
        """Write the manifests of one project."""
        new = [one for one in datasets if not one.dataset.manifest.exists()]
        there = [one for one in datasets if self._is_listed(one, is_new=one in new)]
        first = [one for one in there if one in new and any(one.ledger.keys(STAYING))]
        for one in there:
            if one in new and one not in first:
                self._say(one, "the dataset has no entries; nothing was written")
        old = [one for one in there if one not in new]
        parts, leaving = self._leaving(self._taken(old))
        project = self._declared(datasets[0].project, first, parts, leaving)
        for one in first:
            self._first(one, project)
        for one in old:
            self._edited(one, [part for part in parts if part.one is one], project)

    def _is_listed(self, one: DatasetRun, *, is_new: bool) -> bool:
        """Read the manifest and what is live; whether there is such a dataset."""
        if not is_new:
            one.findings = read_manifest(one.dataset, None, one.ledger.accept, self.screen.show)
            one.findings.raise_if_refused()
        self.live.find(one)
        if one.project_arn is None:
            raise NotFound(f"there is no project {inert(one.project.name)}; fix its name, its ARN or the region")
        if one.seen.arn is None:
            self._say(one, "the project has no such dataset; nothing was written")
            return False
        _described, live = known_live(self.live.context(one), one.ledger, one.seen.arn, one.seen.description)
        if live.copied:
            self._say(one, not_listed_words(live.listed))
        return True

    def _first(self, one: DatasetRun, project: ProjectDeclaration) -> None:
        """Write a manifest that is not there yet."""
        file = self.files.write(one.dataset.manifest, self._whole(one))
        with Ledger() as written:
            findings = read_again(one, {one.dataset.manifest: file}, project, written, self.screen.show)
        entries = counted(sum(1 for _key in one.ledger.keys(STAYING)), "entry", "entries")
        self._say(one, f"{entries} in {inert(one.dataset.shown)}")
        self._judged(findings, one)

    def _whole(self, one: DatasetRun) -> Iterator[bytes]:
        """A manifest of all that is live, but for retired entries."""
        context, total = self.live.context(one), one.ledger.live_facts(Compare.LABELS).entries
        marked = frozenset(repository_key(one, entry.key) for entry in one.ledger.marked())
        pieces = (
            (piece.encode("utf-8", "surrogatepass") for piece in yaml_manifest(lambda: _live(one), marked))
            if is_yaml(one.dataset.manifest)
            else map(partial(_line, one, short=total >= SHORT), _live(one))
        )
        if is_yaml(one.dataset.manifest) and (one.project.folder.parent / SCHEMAS / MANIFEST_SCHEMA).is_file():
            yield first_line(MANIFEST_SCHEMA).encode()
        for number, piece in enumerate(pieces):
            yield piece
            if number % 1000 == 0:
                context.tell(f"writing {inert(one.dataset.shown)}", number, total)

    def _taken(self, datasets: Sequence[DatasetRun]) -> Sequence[Choice]:
        """The entries of which the manifests take live's line.

        Raises:
            BadInput: nothing says which side's entries to take.
        """
        sides, reasons = [], []
        for one in datasets:
            judged = self.live.judged(one)
            settled = self.live.store.read(one.project_arn or "", one.dataset.dataset_type)
            sides.append(Side(one, settled, partial(judged.whose, one.ledger, mode=one.dataset.policy.compare)))
            reasons.append(judged.words)
        chosen = chosen_of(sides, self.run.options)
        refuse_unknown(self.run.options, chosen.choices)
        taken = self._decided(chosen.choices, "; ".join(dict.fromkeys(reasons)))
        self._left(datasets, chosen, taken)
        return taken

    def _left(self, datasets: Sequence[DatasetRun], chosen: Chosen, taken: Sequence[Choice]) -> None:
        """Say which entries stay as they are: what only git changed is not left, it is what the next apply sends."""
        ids = {id(choice) for choice in taken}
        rest = Counter(choice.whose for choice in chosen.choices if id(choice) not in ids)
        ours = 0 if self.run.options.discard_ours else rest.pop(Whose.OURS, 0)
        ours += rest.pop(Whose.BOTH, 0) if self.run.options.conflicts == "git" else 0
        name = inert(datasets[0].project.name) if datasets else ""
        if ours:
            entries = counted(ours, "entry that git changed stays", "entries that git changed stay")
            self.lines.append(f"{name}: {entries}; the next apply sends {'it' if ours == 1 else 'them'}")
        if left := chosen.others + rest.total():
            self.codes.append(Exit.CHANGES)
            were = counted(left, "entry that differs was", "entries that differ were")
            self.lines.append(f"{name}: {were} not chosen")
        for one in datasets:
            if one.dataset.dataset_type not in chosen.busy:
                self._say(one, f"{inert(one.dataset.shown)} is up to date")

    def _decided(self, choices: Sequence[Choice], reasons: str) -> Sequence[Choice]:
        options, asks = self.run.options, sys.stdin.isatty() and not self.run.options.yes
        leaves = {Whose.OURS, *([Whose.BOTH] if options.conflicts == "git" else [])}
        offered = [one for one in choices if options.discard_ours or one.whose not in leaves]
        if asks:
            for path in {
                file.path for choice in offered for part in choice.parts for file in parts_of(part.one.dataset)
            }:
                self.files.refuse_dirty(path)  # before anybody answers in vain
            return ask_each(offered, self.screen)
        if options.discard_ours:
            return offered
        if any(choice.whose is Whose.UNKNOWN for choice in offered):
            raise self._undecided(offered, reasons)
        both = [choice for choice in offered if choice.whose is Whose.BOTH]
        if options.conflicts == "live" or not both:
            return offered
        self.screen.line(f"{counted(len(both), 'entry', 'entries')} changed in git and live; --conflicts live or git:")
        choice_lines(both, self.screen, _LISTED)
        return [choice for choice in offered if choice.whose is Whose.THEIRS]

    def _undecided(self, choices: Sequence[Choice], reasons: str) -> BadInput:
        """Nothing says which side is right: the entries are listed, and the choices named."""
        choice_lines(choices, self.screen, _LISTED)
        files = ", ".join(dict.fromkeys(inert(part.one.dataset.shown) for one in choices for part in one.parts))
        return BadInput(
            f"{files} and live differ in {counted(len(choices), 'entry', 'entries')}, and nothing says which side is "
            f"right ({reasons}): name where CI keeps its records and copies of live (--audit, --snapshots), or a "
            "revision that was applied (--base REF); or give --discard-ours to take live's (--only, --label and "
            "--entry DIGEST choose entries), or run `reconciler apply` to make live what git says; nothing was written"
        )

    def _leaving(self, choices: Sequence[Choice]) -> tuple[list[Part], list[Retirement]]:
        """What the manifests take, and which images leave on purpose with --retire.

        Those leave that only live has, that live no longer has, or that have no labels live.
        """
        reason, parts, leaving = self.run.options.retire, list[Part](), list[Retirement]()
        for choice in choices:
            part = choice.parts[0]
            row = part.row if reason and not choice.moves else None
            if row is None or (row.place and row.live_labelled):
                parts += choice.parts
                continue
            leaving.append(Retirement(item_for(repository_key(part.one, row.key)), reason, self._only_in(part)))
            parts += [replace(part, taken=replace(part.taken, goes=True))] if row.place else []
        return parts, leaving

    def _only_in(self, part: Part) -> DatasetType | None:
        """The dataset that an image leaves, where the other one of the project has it too."""
        others = (one for one in self.run.datasets if one is not part.one and one.project == part.one.project)
        shared = any(one.ledger.labelled(part.taken.key) != (None, None) for one in others)
        return part.one.dataset.dataset_type if shared else None

    def _declared(
        self,
        project: ProjectDeclaration,
        first: Sequence[DatasetRun],
        parts: Sequence[Part],
        leaving: Sequence[Retirement],
    ) -> ProjectDeclaration:
        """The project with the labels and retired images that project.yaml lacks."""
        labels = {label for one in first for label in one.ledger.label_counts(STAYING)}
        if project.labels is not None:
            labels.update(label for part in parts if not part.taken.goes for label in part.row.live_labels)
        after, added = labelled(self.files, project, sorted(labels))
        where = f"{inert(project.shown)}/project.yaml"
        if added:
            self.lines.append(safe(sentence(f"{where}: added to `labels`: ", listed(added))))
        after = retired(self.files, after, leaving)
        if leaving:
            self.lines.append(f"{where}: {counted(len(leaving), 'image', 'images')} retired")
        return after

    def _edited(self, one: DatasetRun, parts: Sequence[Part], project: ProjectDeclaration) -> None:
        if parts:
            findings = edit_manifest(one, self.files, [part.taken for part in parts], project, self.screen.show)
            self._say(one, f"{counted(len(parts), 'entry', 'entries')} changed in {inert(one.dataset.shown)}")
            self._judged(findings, one)

    def _judged(self, findings: Findings, one: DatasetRun) -> None:
        """Say what the next run would refuse in what was written."""
        for finding in findings.errors:
            self.warnings.append(f"warning: {inert(finding.message)}; {inert(finding.cure)}")
        if findings.errors:
            edits = counted(findings.error_count, "edit", "edits")
            self.warnings.append(f"{inert(one.dataset.shown)} needs {edits}: `reconciler validate`")
            self.codes.append(Exit.BAD_INPUT)

    def _say(self, one: DatasetRun, words: str) -> None:
        self.lines.append(f"{inert(one.title)}: {words}")


def _line(one: DatasetRun, line: str, *, short: bool) -> bytes:
    return short_line_of(line, one.dataset.defaults) if short else json_line_of(line)


def _live(one: DatasetRun) -> Iterator[str]:
    """All live lines with the keys of the repository, where the manifest has none; without retired ones."""
    for row in one.ledger.live_only():
        if not row.retired and row.live is not None:
            yield repository_line(one, row.live)
